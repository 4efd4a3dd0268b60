"""The rules' own ground: their interfaces, and the blocks of addresses that they tell apart, each where it lives."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from segctl.draft.audit.reaches import names_of
from segctl.draft.result import OTHERS
from segctl.draft.rules.endings import Endings
from segctl.draft.rules.homes import homes
from segctl.draft.rules.land import Ground, Land
from segctl.draft.rules.walks import ENDS, Rules, shared
from segctl.listing.rule import name_span
from segctl.model.packet import Way
from segctl.model.point import InterfaceAddress
from segctl.model.ranges import LAST_V4, NOTHING, Ranges
from segctl.policy.special import ALWAYS_SPECIAL
from segctl.prove.axes import DADDR, IIF, OIF, SADDR, STRANGER
from segctl.prove.cuts import Cuts
from segctl.prove.kinds import half
from segctl.prove.space import Spans

if TYPE_CHECKING:
    pass

LOOPBACK = "lo"
_LONGEST = 15
_BROADCASTS = 30  # RFC 3021: a /31 has no broadcast address


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user says beside the files. `behind`: interfaces with the addresses that live there (None: those that
    the rules let through there); `own`: a gateway's own addresses, by interface; `host`: those of a host.
    """

    behind: Mapping[str, Ranges | None] = field(default_factory=dict)
    own: Mapping[str, tuple[InterfaceAddress, ...]] = field(default_factory=dict)
    host: Ranges = NOTHING

    @property
    def ours(self) -> Ranges:
        """All addresses of the machine that the user names."""
        given = (one.address for some in self.own.values() for one in some)
        return self.host | Ranges.of((address, address) for address in given)

    @property
    def special(self) -> Ranges:
        """What no segment may hold: the fixed addresses, and the broadcasts of the networks that the user names."""
        nets = (one.network() for some in self.own.values() for one in some if one.length <= _BROADCASTS)
        return ALWAYS_SPECIAL | Ranges.of((last, last) for _, last in nets if last <= LAST_V4)

    @property
    def ways(self) -> tuple[Way, ...]:
        """What can be imported: the machine's own ends only where its addresses are known."""
        if self.host:
            return Way.INPUT, Way.OUTPUT
        return (Way.FORWARD, Way.INPUT, Way.OUTPUT) if self.own else (Way.FORWARD,)


@dataclass(frozen=True, slots=True)
class Survey:
    """All families. `faces`: the interfaces of the site to be; `invented`: those that stand for others, with whom."""

    lands: tuple[Land, ...]
    faces: tuple[str, ...]
    invented: Mapping[str, str]
    wanted: Wanted


def survey(rules: Rules, families: tuple[int, ...], wanted: Wanted) -> Survey:
    """Walk the rules for these families. TooLarge if they tell too many packets apart."""
    lands = tuple(_land(rules, wanted.ways, family, wanted) for family in families)
    faces, invented = _faces(lands, wanted)
    said = {name: some for name, some in wanted.behind.items() if some}
    for land in lands:
        land.homes = homes(land, faces, said)
    used = {face for land in lands for homes in land.homes.values() for face in homes}
    idle = [face for face in invented if face not in used] if used else []
    kept = {face: whose for face, whose in invented.items() if face not in idle}
    return Survey(lands, tuple(face for face in faces if face not in idle), kept, wanted)


def cuts_of(wanted: Wanted, family: int) -> Cuts:
    """What must be told apart, whatever the rules do."""
    sets = {wanted.special, wanted.ours, *(one for one in wanted.behind.values() if one)}
    addresses = {spans for one in sets if (spans := half(one, family))}
    faces: set[Spans] = {(name_span(name),) for name in (*wanted.behind, *wanted.own)}
    return {SADDR: addresses, DADDR: set(addresses), IIF: faces, OIF: set(faces)}


def _land(rules: Rules, ways: tuple[Way, ...], family: int, wanted: Wanted) -> Land:
    made = shared([partial(rules.walk, way, family) for way in ways], cuts_of(wanted, family), ENDS)
    grounds = {way: Ground(Endings(cells)) for way, cells in zip(ways, made, strict=True)}
    axis = next(iter(grounds.values())).axis(SADDR)
    special = axis.mask(half(wanted.special | wanted.ours, family))
    return Land(family, grounds, tuple(n for n in range(len(axis.least)) if not special >> n & 1))


def _faces(lands: tuple[Land, ...], wanted: Wanted) -> tuple[tuple[str, ...], dict[str, str]]:
    """The interfaces that are named, and one for each group of others through which something passes."""
    given = tuple(dict.fromkeys((*wanted.behind, *wanted.own)))
    named = dict.fromkeys(given)
    groups: dict[str, tuple[int, int]] = {}
    for ground, name, number in _classes(lands):
        axis = ground.axis(name)
        for word in names_of(axis, number):
            if word == OTHERS or word.endswith("*"):
                groups.setdefault(word, axis.spans(1 << number)[0])
            elif word != LOOPBACK:
                named[word] = None
    invented: dict[str, str] = {}
    for word, _ in groups.items():
        if not any(_holds(lands, word, face) for face in given) and _passes(lands, word):
            face = _free(lands, word, {*named, *invented})
            if face:
                invented[face] = "every interface that the rules don't name" if word == OTHERS else word
    if not named and not invented:
        invented["eth0"] = "some interface: nothing passes"
    return (*named, *invented), invented


def _classes(lands: tuple[Land, ...]) -> Iterator[tuple[Ground, str, int]]:
    for land in lands:
        for ground in land.grounds.values():
            for name in (IIF, OIF):
                for number in ground.endings.cells.classes[ENDS.index(name)]:
                    if ground.axis(name).class_of(0) != number:
                        yield ground, name, number


def _representative(word: str) -> str:
    return STRANGER if word == OTHERS else f"{word[:-1]}0"


def _holds(lands: tuple[Land, ...], word: str, face: str) -> bool:
    """Whether the rules take an interface for one of a group."""
    one = _representative(word)
    return all(
        ground.axis(name).class_of(name_span(one)[0]) == ground.axis(name).class_of(name_span(face)[0])
        for land in lands for ground in land.grounds.values() for name in (IIF, OIF)
    )  # fmt: skip


def _passes(lands: tuple[Land, ...], word: str) -> bool:
    """Whether something may pass there."""
    import numpy

    some = (_representative(word),)
    for land in lands:
        for ground in land.grounds.values():
            live = numpy.array([bool(one.passed or one.beyond or one.doubts) for one in ground.kinds])[ground.ids]
            if live[ground.faces(IIF, some)].any() or live[:, :, ground.faces(OIF, some)].any():
                return True
    return False


def _free(lands: tuple[Land, ...], word: str, taken: set[str]) -> str:
    """A name for an interface of a group; nothing if there is none that fits."""
    head = "eth" if word == OTHERS else word[:-1]
    for number in range(100):
        name = f"{head}{number}"
        if name not in taken and len(name) <= _LONGEST and _holds(lands, word, name):
            return name
    return ""
