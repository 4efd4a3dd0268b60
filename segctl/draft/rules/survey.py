"""The rules' own ground: their interfaces, the blocks of addresses that they tell apart, and where each block lives.

A site binds addresses to interfaces, rules needn't. A block lives behind the interface that lets most out of it; where
several do alike, into it (forward first, then the machine's own input and output); behind all of them where nothing
tells them apart. What the user says goes before.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segctl.draft.audit.reaches import blocks_of, names_of
from segctl.draft.result import OTHERS
from segctl.draft.rules.endings import Endings
from segctl.draft.rules.verdict import Verdict, verdict
from segctl.draft.rules.walks import ENDS, Rules, shared
from segctl.listing.rule import name_span
from segctl.model.packet import Way
from segctl.model.point import InterfaceAddress
from segctl.model.ranges import LAST_V4, NOTHING, Ranges
from segctl.policy.special import ALWAYS_SPECIAL
from segctl.prove.axes import DADDR, IIF, OIF, SADDR, STRANGER
from segctl.prove.cuts import Cuts
from segctl.prove.kinds import half
from segctl.prove.space import Axis, Spans

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

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


@dataclass(slots=True)
class Ground:
    """One walk. `kinds`: what pairs meet; `ids`: places in it, by the pairs' ends as in `Cells.pairs`."""

    endings: Endings
    kinds: list[Verdict] = field(init=False)
    ids: "NDArray[numpy.int32]" = field(init=False)

    def __post_init__(self) -> None:
        import numpy

        known: dict[Verdict, int] = {}
        whole = self.endings.whole()
        cells = self.endings.cells
        places = []
        for number in range(len(cells.treated)):
            one = verdict(self.endings.of(number), self.endings, whole)
            places.append(known.setdefault(one, len(known)))
        self.kinds = list(known)
        self.ids = numpy.array(places, dtype=numpy.int32)[cells.pairs]

    def axis(self, name: str) -> Axis:
        space = self.endings.cells.evaluated.space
        return space.axes[space.index[name]]

    def faces(self, name: str, some: tuple[str, ...]) -> list[int]:
        """Where interfaces stand among the classes that can be, those that can't left out."""
        axis, held = self.axis(name), self._classes(name)
        found = (axis.class_of(name_span(one)[0]) for one in some)
        return [held[number] for number in dict.fromkeys(found) if number in held]

    def blocks(self, name: str, some: tuple[int, ...]) -> list[int]:
        """Where classes of addresses stand."""
        held = self._classes(name)
        return [held[number] for number in some]

    def _classes(self, name: str) -> dict[int, int]:
        return {number: at for at, number in enumerate(self.endings.cells.classes[ENDS.index(name)])}


@dataclass(slots=True)
class Land:
    """One family. `blocks`: the classes of addresses that a segment may hold; `homes`: of each the interfaces."""

    family: int
    grounds: Mapping[Way, Ground]
    blocks: tuple[int, ...]
    homes: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def addresses(self, some: Iterator[int] | tuple[int, ...]) -> Ranges:
        """The addresses of classes."""
        mask = 0
        for number in some:
            mask |= 1 << number
        return blocks_of(self.axis(), mask, self.family)

    def axis(self) -> Axis:
        return next(iter(self.grounds.values())).axis(SADDR)


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
    for land in lands:
        land.homes = _homes(land, faces, wanted)
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
    def walking(way: Way) -> "object":
        return lambda cuts: rules.walk(way, family, cuts)

    made = shared([walking(way) for way in ways], cuts_of(wanted, family), ENDS)  # type: ignore[misc]
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


def _homes(land: Land, faces: tuple[str, ...], wanted: Wanted) -> dict[int, tuple[str, ...]]:
    said = {name: half(some, land.family) for name, some in wanted.behind.items() if some}
    axis = land.axis()
    claims = {name: axis.mask(spans) for name, spans in said.items() if spans}
    free = tuple(name for name in faces if name not in said) or faces
    scores = _scores(land, free, faces)
    homes = {}
    for at, number in enumerate(land.blocks):
        if claimed := tuple(name for name, mask in claims.items() if mask >> number & 1):
            homes[number] = claimed
            continue
        each = [tuple(float(score[place, at]) for score in scores) for place in range(len(free))]
        homes[number] = tuple(name for name, one in zip(free, each, strict=True) if one == max(each))
    return homes


def _scores(land: Land, faces: tuple[str, ...], others: tuple[str, ...]) -> "list[NDArray[numpy.float64]]":
    """How much passes, by interface and block: out of it and into it, through the machine and at its own ends.
    `others`: the interfaces at the other end.
    """
    import numpy

    out = []
    for way, name, source in ((Way.FORWARD, IIF, True), (Way.FORWARD, OIF, False), (Way.INPUT, IIF, True),
                              (Way.OUTPUT, OIF, False)):  # fmt: skip
        if (ground := land.grounds.get(way)) is None:
            continue
        weights = numpy.array([float(one.passed.size()) for one in ground.kinds])[ground.ids]
        if way is Way.FORWARD:
            other = OIF if source else IIF
            weights = weights.take(ground.faces(other, others), axis=ENDS.index(other))
        weights = weights.sum(axis=(2, 3) if source else (0, 1))
        rows = [ground.faces(name, (face,))[0] for face in faces]
        out.append(weights[numpy.ix_(rows, ground.blocks(SADDR if source else DADDR, land.blocks))])
    return out
