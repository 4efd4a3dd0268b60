"""One stage of the decision as maps: what leads from (source, destination, service) to an allowance.

A number of look-ups that does not depend on the site, and elements that grow linearly with what it names. Ports
stand one by one; ranges in a chain for each (source, destination, protocol); a flow whose product of ends exceeds
four times their sum in chains of its own (design, section 4).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, product
from typing import Protocol, TypeVar

from segctl.compile.allowances import Cover
from segctl.compile.ruleset import (
    Element,
    Field,
    ListChain,
    ListRule,
    Lookup,
    NamedMap,
    ServiceChain,
    Stage,
    WideChain,
    WideRule,
)
from segctl.compile.tokens import Name, Span
from segctl.model.ranges import Ranges
from segctl.model.service import ALL_TRAFFIC, ICMP, ICMP6, LAST_PORT, WITH_PORTS, family_of, port_of, protocol_of

ANSWERS4 = {8: 0, 13: 14, 15: 16, 17: 18}  # RFC 792, 950: request to reply
ANSWERS6 = {128: 129, 139: 140}  # RFC 4443, 4620
WIDE_FACTOR = 4

_ENDS = (Field.SOURCE, Field.TARGET)
FIELDS = {
    "port": (*_ENDS, Field.PROTOCOL, Field.PORT),
    "icmp4": (*_ENDS, Field.ICMP4),
    "icmp6": (*_ENDS, Field.ICMP6),
    "icmp4_back": (*_ENDS, Field.ICMP4),
    "icmp6_back": (*_ENDS, Field.ICMP6),
    "protocol": (*_ENDS, Field.FAMILY, Field.PROTOCOL),
    "all": _ENDS,
    "list": (*_ENDS, Field.PROTOCOL),
    "wide": (Field.SOURCE,),
}
K = TypeVar("K")
R = TypeVar("R")

NFPROTO = {4: 2, 6: 10}  # linux/netfilter.h: NFPROTO_IPV4, NFPROTO_IPV6


class Ruled(Protocol):
    """What a stage needs of an allowance or a prohibition."""

    @property
    def base(self) -> int: ...
    @property
    def traffic(self) -> Ranges: ...
    @property
    def source(self) -> Cover: ...
    @property
    def target(self) -> Cover: ...


@dataclass(frozen=True, slots=True)
class Services:
    """Traffic taken apart into what the maps can hold. Whole protocols are (family, protocol)."""

    everything: bool
    ports: tuple[tuple[int, int], ...]
    ranges: tuple[tuple[int, tuple[Span, ...]], ...]
    icmp4: tuple[int, ...]
    icmp6: tuple[int, ...]
    protocols: tuple[tuple[int, int], ...]


def take_apart(traffic: Ranges) -> Services:
    """Ports and types that stand alone, ranges of ports by protocol, whole protocols, or everything."""
    if traffic.covers(ALL_TRAFFIC):
        return Services(True, (), (), (), (), ())
    ports: dict[tuple[int, int], None] = {}
    ranges: dict[int, dict[Span, None]] = {}
    types: dict[int, list[int]] = {4: [], 6: []}
    protocols: list[tuple[int, int]] = []
    for first, last in _by_protocol(traffic):
        family, protocol = family_of(first), protocol_of(first)
        if (port_of(first), port_of(last)) == (0, LAST_PORT) or not _divisible(family, protocol):
            protocols.append((family, protocol))
        elif protocol not in WITH_PORTS:
            types[family] += range(port_of(first), min(port_of(last), 255) + 1)
        elif first == last:
            ports[protocol, port_of(first)] = None
        else:
            ranges.setdefault(protocol, {})[Span(port_of(first), port_of(last))] = None
    listed = tuple((protocol, tuple(spans)) for protocol, spans in ranges.items())
    return Services(False, tuple(ports), listed, tuple(types[4]), tuple(types[6]), tuple(protocols))


def _divisible(family: int, protocol: int) -> bool:
    return protocol in WITH_PORTS or (family, protocol) in ((4, ICMP), (6, ICMP6))


def _by_protocol(traffic: Ranges) -> Iterable[tuple[int, int]]:
    """The ranges cut at the borders of protocols."""
    for first, last in traffic:
        while first <= last:
            end = min(last, first | LAST_PORT)
            yield first, end
            first = end + 1


@dataclass(slots=True)
class StageBuilder:
    """Collects the elements of one stage; where two allowances meet in a key, the one that lives longer has it."""

    name: str
    found: dict[str, dict[tuple[int, ...], tuple[int, datetime | None]]] = field(default_factory=dict)
    levels: dict[str, set[tuple[int, int]]] = field(default_factory=dict)
    listed: dict[tuple[int, int, int], list[ListRule]] = field(default_factory=dict)
    wide_members: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    wide_rules: dict[int, WideRule] = field(default_factory=dict)
    service_chains: list[ServiceChain] = field(default_factory=list)
    sets: list[NamedMap] = field(default_factory=list)
    ends: dict[int, NamedMap] = field(default_factory=dict)

    def add(self, ruled: Ruled, until: datetime | None = None) -> None:
        """Put one allowance into the maps, or into chains if the product of its ends is too large."""
        services = take_apart(ruled.traffic)
        many = len(ruled.source) * len(ruled.target)
        if many > WIDE_FACTOR * (len(ruled.source) + len(ruled.target)):
            self._wide(ruled, services, until)
            return
        for (source_level, source), (target_level, target) in product(ruled.source, ruled.target):
            self._pair((source_level, target_level), (source, target), ruled.base, services, until)

    def _pair(
        self, level: tuple[int, int], ends: tuple[int, int], base: int, services: Services, until: datetime | None
    ) -> None:
        if services.everything:
            self._put("all", level, ends, base, until)
        for protocol, port in services.ports:
            self._put("port", level, (*ends, protocol, port), base, until)
        for kind in services.icmp4:
            self._put("icmp4", level, (*ends, kind), base, until)
            if kind in ANSWERS4:
                self._put("icmp4_back", level, (*ends, ANSWERS4[kind]), base, until)
        for kind in services.icmp6:
            self._put("icmp6", level, (*ends, kind), base, until)
            if kind in ANSWERS6:
                self._put("icmp6_back", level, (*ends, ANSWERS6[kind]), base, until)
        for family, protocol in services.protocols:
            self._put("protocol", level, (*ends, NFPROTO[family], protocol), base, until)
        for protocol, spans in services.ranges:
            self.levels.setdefault("list", set()).add(level)
            self.listed.setdefault((*ends, protocol), []).append(ListRule(base, spans, self._alive(base, until)))

    def _put(self, kind: str, level: tuple[int, int], key: tuple[int, ...], base: int, until: datetime | None) -> None:
        self.levels.setdefault(kind, set()).add(level)
        held = self.found.setdefault(kind, {})
        if key not in held or _outlives(until, held[key][1]):
            held[key] = (base, until)

    def _alive(self, base: int, until: datetime | None) -> Name | None:
        """What ends a line that stands in chains: it must miss then, so that what comes after it is asked."""
        if until is None:
            return None
        name = Name(f"{self.name}_while_{base}")
        elements = tuple(Element((family,), None, until) for family in NFPROTO.values())
        self.ends[base] = NamedMap(name, (Field.FAMILY,), None, elements, timed=True)
        return name

    def _wide(self, ruled: Ruled, services: Services, until: datetime | None) -> None:
        """Sources lead to a chain, there a set of destinations leads to the services."""
        for source_level, source in ruled.source:
            self.wide_members.setdefault((source_level, source), []).append(ruled.base)
            self.levels.setdefault("wide", set()).add((source_level, 0))
        targets: list[tuple[Name, int]] = []
        for level, group in groupby(ruled.target, key=lambda pair: pair[0]):
            name = Name(f"{self.name}_to_{ruled.base}_{level}")
            self.sets.append(NamedMap(name, (Field.TARGET,), None, tuple(Element((id,)) for _, id in group)))
            targets.append((name, level))
        chain = Name(f"{self.name}_what_{ruled.base}")
        self.wide_rules[ruled.base] = WideRule(ruled.base, tuple(targets), chain, self._alive(ruled.base, until))
        self.service_chains.append(_service_chain(chain, Name(self.name), ruled.base, services))

    def stage(self) -> Stage:
        """The look-ups, in a fixed order."""
        kinds = ("port", "icmp4", "icmp6", "protocol", "all", "list", "wide")
        lookups = tuple(
            Lookup(Name(f"{self.name}_{kind}"), self._back(kind), kind, tuple(sorted(self.levels[kind])))
            for kind in kinds
            if kind in self.levels
        )
        lists = tuple(
            ListChain(Name(f"{self.name}_list_{at}"), Name(self.name), rules)
            for rules, at in _chains(self.listed).items()
        )
        wides = tuple(
            WideChain(Name(f"{self.name}_wide_{at}"), tuple(self.wide_rules[base] for base in bases))
            for bases, at in _chains(self.wide_members).items()
        )
        return Stage(Name(self.name), lookups, lists, wides, tuple(self.service_chains))

    def _back(self, kind: str) -> Name | None:
        """The map that replies ask: of ICMP by the answering types, of chains by source port; None if there is none."""
        if kind in ("icmp4", "icmp6"):
            return Name(f"{self.name}_{kind}_back") if f"{kind}_back" in self.found else None
        return Name(f"{self.name}_{kind}_back" if kind in ("list", "wide") else f"{self.name}_{kind}")

    def maps(self) -> list[NamedMap]:
        """All maps of the stage; those without an element are left out."""
        out: list[NamedMap] = []
        for kind, held in self.found.items():
            timed = any(until is not None for _, until in held.values())
            elements = tuple(Element(key, base, until) for key, (base, until) in sorted(held.items()))
            name = Name(f"{self.name}_{kind}")
            out.append(NamedMap(name, FIELDS[kind], Field.BASE, elements, counted=True, timed=timed))
        lists, wides = _chains(self.listed), _chains(self.wide_members)
        out += self._jumps("list", {key: lists[tuple(rules)] for key, rules in self.listed.items()})
        out += self._jumps("wide", {(key[1],): wides[tuple(bases)] for key, bases in self.wide_members.items()})
        return [*out, *self.sets, *self.ends.values()]

    def _jumps(self, kind: str, keys: dict[tuple[int, ...], int]) -> list[NamedMap]:
        """Verdict maps into our chains, one for each direction: replies carry the port as source port."""
        out: list[NamedMap] = []
        for suffix in ("", "_back") if keys else ():
            elements = tuple(
                Element(key, ("jump", f"{self.name}_{kind}_{at}{suffix}")) for key, at in sorted(keys.items())
            )
            out.append(NamedMap(Name(f"{self.name}_{kind}{suffix}"), FIELDS[kind], Field.VERDICT, elements))
        return out


def _chains(members: Mapping[K, Sequence[R]]) -> dict[tuple[R, ...], int]:
    """Keys that lead to the same share one chain: its number, 1 and up."""
    return {shared: at for at, shared in enumerate(dict.fromkeys(map(tuple, members.values())), 1)}


def _outlives(new: datetime | None, held: datetime | None) -> bool:
    return held is not None and (new is None or new > held)


def _service_chain(name: Name, stage: Name, base: int, services: Services) -> ServiceChain:
    by_protocol: dict[int, list[Span]] = {}
    for protocol, port in services.ports:
        by_protocol.setdefault(protocol, []).append(Span(port, port))
    for protocol, spans in services.ranges:
        by_protocol.setdefault(protocol, []).extend(spans)
    return ServiceChain(
        name,
        stage,
        base,
        tuple((protocol, tuple(spans)) for protocol, spans in sorted(by_protocol.items())),
        services.icmp4,
        tuple(ANSWERS4[kind] for kind in services.icmp4 if kind in ANSWERS4),
        services.icmp6,
        tuple(ANSWERS6[kind] for kind in services.icmp6 if kind in ANSWERS6),
        tuple((NFPROTO[family], protocol) for family, protocol in services.protocols),
        services.everything,
    )


def build_stage(name: str, ruled: Sequence[tuple[Ruled, datetime | None]]) -> tuple[Stage, list[NamedMap]]:
    """The stage and its maps."""
    builder = StageBuilder(name)
    for one, until in ruled:
        builder.add(one, until)
    return builder.stage(), builder.maps()
