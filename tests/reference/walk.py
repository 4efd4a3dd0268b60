"""A slow reader of a Ruleset: one new packet through its maps, in the order in which the template asks them.

It knows the maps and the template's order, nothing of the policy: so compiler and law check each other, on thousands of
random sites, without a kernel. That the kernel reads the template's text the same way is for tests/packets to show.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from segctl.compile.lookups import NFPROTO
from segctl.compile.ruleset import ZONE_MASK, Lookup, Ruleset, Stage
from segctl.compile.tokens import AddressRange
from segctl.model.point import PointKind
from segctl.model.ranges import family
from segctl.model.service import ICMP, ICMP6, WITH_PORTS, port_of, protocol_of

MASKS = {0: 0xFFFFFFFF, 1: ZONE_MASK, 2: 0}
Found = int | tuple[str, str] | None


@dataclass(frozen=True)
class Packet:
    """The first packet of a connection: `into` and `out` are None in output and input."""

    source: int
    destination: int
    traffic: int
    into: str | None
    out: str | None

    @property
    def here(self) -> int:
        """The end that is at a host."""
        return self.source if self.into is None else self.destination

    @property
    def there(self) -> int:
        """The other one."""
        return self.destination if self.into is None else self.source


@dataclass(frozen=True)
class End:
    """What became of it: a chain's name, or `pass` with the number that it got."""

    word: str
    number: int = 0


class Walk:
    """All maps of a ruleset as dictionaries, and one packet after another through them."""

    def __init__(self, rules: Ruleset) -> None:
        self.rules = rules
        self.maps: dict[str, dict[tuple[object, ...], Found]] = {
            made.name.text: {element.key: element.value for element in made.elements}
            for made in rules.maps
            if not made.interval
        }
        self.ranges = {
            made.name.text: [(element.key, element.value) for element in made.elements]
            for made in rules.maps
            if made.interval
        }
        self.lists = {chain.name.text: chain for stage in rules.stages.values() for chain in stage.lists}
        self.wides = {chain.name.text: chain for stage in rules.stages.values() for chain in stage.wides}
        self.services = {chain.name.text: chain for stage in rules.stages.values() for chain in stage.services}

    @property
    def _ours(self) -> tuple[AddressRange, ...]:
        return (*self.rules.ours4, *self.rules.ours6)

    def new(self, packet: Packet) -> End:
        """A well-formed new packet, by the hook that its interfaces tell."""
        special = (*self.rules.special4, *self.rules.special6)
        source, target = self._classify(packet)
        if self.rules.kind is PointKind.HOST and not _among(packet.here, (*self._ours, *special)):
            return End("beside")
        if any(_among(end, special) for end in (packet.source, packet.destination)):
            if _among(packet.here, special):
                source, target = self._class("source", packet.source), self._class("target", packet.destination)
            return self._observed(packet) if self._lenient(source, target) else End("special")
        if self.rules.kind is PointKind.HOST:
            mirrored = _among(packet.there, self._ours) and not self._lenient(source, target)
            return End("mirrored") if mirrored else self._decide(packet, source, target)
        if packet.into is not None and not self._bound(packet.into, "source", source, target):
            return End("binding")
        if packet.out is not None and not self._bound(packet.out, "target", target, source, swapped=True):
            return End("binding")
        return self._decide(packet, source, target)

    def _decide(self, packet: Packet, source: int, target: int) -> End:
        if (base := self._stage("manage", packet, source, target)) is not None:
            return self._number(packet, base)
        if (base := self._stage("guard", packet, source, target)) is not None:
            return End(f"deny_guard_{base}")
        if self._in("quarantined_source", source & ZONE_MASK) or self._in("quarantined_target", target & ZONE_MASK):
            base = self._stage("remedy", packet, source, target)
            return End("quarantine") if base is None else self._number(packet, base)
        if (base := self._stage("flow", packet, source, target)) is not None:
            return self._number(packet, base)
        if (inside := self._get("inside", source & ZONE_MASK, target & ZONE_MASK)) is not None:
            return self._number(packet, inside)
        denied = self._get("inside_denied", source & ZONE_MASK, target & ZONE_MASK)
        source = denied if isinstance(denied, int) else source
        selected = self._stage("selective", packet, source, target)
        target = selected if selected is not None else target
        source = _or(self._get("source_behaviour", source & ZONE_MASK), source)
        target = _or(self._get("target_behaviour", target & ZONE_MASK), target)
        verdict = self._get("defaults", source, target)
        assert isinstance(verdict, tuple), "a pair of behaviours without an answer"
        if verdict[1] == "default_allow":
            return self._number(packet, self.rules.default_base)
        return self._observed(packet) if verdict[1] == "observe" else End(verdict[1])

    def _observed(self, packet: Packet) -> End:
        return self._number(packet, self.rules.observe_base)

    def _number(self, packet: Packet, base: Found) -> End:
        assert isinstance(base, int)
        if self.rules.kind is PointKind.HOST:
            number = self._get("numbers_own", base)
        elif packet.into is None or packet.out is None:
            number = self._get("numbers_own", packet.into or packet.out, base)
        else:
            number = self._get("numbers", packet.into, packet.out, base)
        return End("pass", number) if isinstance(number, int) else End("no number")

    def _classify(self, packet: Packet) -> tuple[int, int]:
        own_source, own_target = packet.into is None, packet.out is None
        return (
            self._class("own_source" if own_source else "source", packet.source),
            self._class("own_target" if own_target else "target", packet.destination),
        )

    def _class(self, name: str, address: int) -> int:
        default = self.rules.own if name.startswith("own") else self.rules.world
        for (first, last), id in self.ranges.get(f"{name}{family(address)}", []):
            if int(first) <= address <= int(last) and isinstance(id, int):
                return id
        return default

    def _bound(self, interface: str, side: str, id: int, other: int, *, swapped: bool = False) -> bool:
        if (interface, id & ZONE_MASK) in self.maps[f"behind_{side}"]:
            return True
        if any(one.text == interface for one in self.rules.loose):
            return True
        nowhere = self._in(f"nowhere_{side}", id & ZONE_MASK)
        return nowhere and (self._lenient(other, id) if swapped else self._lenient(id, other))

    def _lenient(self, source: int, target: int) -> bool:
        if self.rules.kind is PointKind.HOST:
            return (source & ZONE_MASK, target & ZONE_MASK) in self.maps.get("lenient", {})
        zone = self.rules.world & ZONE_MASK
        if not self.rules.world_observes and source & ZONE_MASK == target & ZONE_MASK == zone:
            return False
        return self._in("lenient_source", source & ZONE_MASK) and self._in("lenient_target", target & ZONE_MASK)

    def _stage(self, name: str, packet: Packet, source: int, target: int) -> int | None:
        stage = self.rules.stages[name]
        for lookup in stage.lookups:
            for levels in lookup.levels:
                ends = source & MASKS[levels[0]], target & MASKS[levels[1]]
                found = self._look(stage, lookup, ends, target, packet.traffic)
                if found is not None:
                    return found
        return None

    def _look(self, stage: Stage, lookup: Lookup, ends: tuple[int, int], target: int, traffic: int) -> int | None:
        number = 6 if traffic >> 24 else 4
        protocol, port = protocol_of(traffic), port_of(traffic)
        keys: dict[str, tuple[int, ...]] = {
            "port": (*ends, protocol, port),
            "protocol": (*ends, NFPROTO[number], protocol),
            "all": ends,
            "list": (*ends, protocol),
            "wide": (ends[0],),
        }
        if (number, protocol) == (4, ICMP):
            keys["icmp4"] = (*ends, port)
        if (number, protocol) == (6, ICMP6):
            keys["icmp6"] = (*ends, port)
        if lookup.kind not in keys or (lookup.kind == "port" and protocol not in WITH_PORTS):
            return None
        found = self.maps.get(lookup.map.text, {}).get(keys[lookup.kind])
        if not isinstance(found, tuple):
            return found
        if lookup.kind == "list":
            rules = self.lists[found[1]].rules
            return next((r.base for r in rules if any(s.first <= port <= s.last for s in r.ports)), None)
        return self._wide(found[1], target, number, traffic)

    def _wide(self, name: str, target: int, number: int, traffic: int) -> int | None:
        for rule in self.wides[name].rules:
            if any((target & MASKS[level],) in self.maps[to.text] for to, level in rule.targets):
                chain = self.services[rule.services.text]
                protocol, port = protocol_of(traffic), port_of(traffic)
                ports = any(p == protocol and any(s.first <= port <= s.last for s in spans) for p, spans in chain.ports)
                icmp = port in (chain.icmp4 if number == 4 else chain.icmp6) and protocol == (ICMP, ICMP6)[number == 6]
                if chain.everything or ports or icmp or (NFPROTO[number], protocol) in chain.protocols:
                    return rule.base
        return None

    def _get(self, name: str, *key: int | str | None) -> Found:
        return self.maps.get(name, {}).get(key)

    def _in(self, name: str, key: int) -> bool:
        return (key,) in self.maps.get(name, {})


def _among(address: int, ranges: Iterable[AddressRange]) -> bool:
    return any(one.first <= address <= one.last for one in ranges)


def _or(found: Found, otherwise: int) -> int:
    return found if isinstance(found, int) else otherwise
