"""Which addresses the rules themselves place behind which interface, and the machine's own: who claims what, by rule.

A rule that goes on with `-i eth1 -s 10.0.1.0/24` (or towards `-o eth1 -d 10.0.1.0/24`) places these addresses behind
eth1; one that drops `-i eth1 ! -s 10.0.1.0/24` does so too. A single address that a rule of an input chain accepts
as the destination, or one of an output chain as the source, is the machine's own: behind `lo`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from segctl.draft.audit.given import Given, rules
from segctl.listing.rule import Chain, Choose, Decide, Ending, Join, Load, Lookup, Match, Rule, Span, Table, name_of
from segctl.model.ranges import ALL_V4, ALL_V6, V6, Ranges, parse_address, prefix

OWN = "lo"
Placed = tuple[tuple[int, int], ...]
_SIDES = (
    ({"meta iifname", "meta iif"}, {"ip saddr": 4, "ip6 saddr": 6}),
    ({"meta oifname", "meta oif"}, {"ip daddr": 4, "ip6 daddr": 6}),
)
_STOPS = {Ending.DROP, Ending.REJECT}
LOOPBACK = Ranges.of([prefix(parse_address("127.0.0.0"), 8)])
"""Of IPv6 the kernel lets ::1 in from nowhere, whatever is set (ip6_rcv_core)."""
_NOBODYS = LOOPBACK | Ranges.of(
    prefix(parse_address(address), length)
    for address, length in (
        ("0.0.0.0", 8),
        ("224.0.0.0", 3),
        ("169.254.0.0", 16),
        ("::1", 128),
        ("ff00::", 8),
        ("fe80::", 10),
    )
)
_WIDEST = {4: 1 << 31, 6: 1 << 125}
"""As many addresses or more are "anywhere" and place nothing: half of IPv4; 2000::/3 is all of IPv6 that is routed."""


@dataclass(slots=True)
class Behind:
    """By interface the addresses behind it, and the rules that say so (none: the caller did)."""

    claims: dict[str, list[tuple[Ranges, Rule | None]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, interface: str, addresses: Ranges, rule: Rule | None) -> None:
        """One more claim."""
        if addresses := addresses - _NOBODYS:
            self.claims[interface].append((addresses, rule))

    def of(self, interface: str) -> Ranges:
        """All addresses behind an interface."""
        return Ranges.of(span for addresses, _ in self.claims.get(interface, ()) for span in addresses)

    def elsewhere(self, interface: str) -> Ranges:
        """All that is behind others, and not behind this one; without the machine's own."""
        others = Ranges.of(
            span
            for name, some in self.claims.items()
            if name not in (interface, OWN)
            for held, _ in some
            for span in held
        )
        return others - self.of(interface)

    def own(self) -> Ranges:
        """The machine's own addresses, without loopback."""
        return self.of(OWN) - LOOPBACK

    def claiming(self, addresses: Ranges) -> Iterator[tuple[str, Ranges, Rule | None]]:
        """Who claims some of these."""
        for name, some in self.claims.items():
            for held, rule in some:
                if held.meets(addresses):
                    yield name, held & addresses, rule


def behind(given: Given, said: Mapping[str, Ranges]) -> Behind:
    """What the rules say; of an interface that the caller speaks of only what he says."""
    out = Behind()
    for interface, addresses in said.items():
        out.claims[interface].append((addresses, None))
    for table, chain, rule in rules(given.listing):
        for interface, addresses in _claimed(table, chain, rule):
            if interface not in said:
                out.add(interface, addresses, rule)
    return out


def _claimed(table: Table, chain: Chain, rule: Rule) -> Iterator[tuple[str, Ranges]]:
    """What one rule places."""
    stops = any(isinstance(one, Decide) and one.verdict.ending in _STOPS for one in rule.statements)
    goes_on = any(isinstance(one, Decide | Choose) for one in rule.statements) and not stops
    if not stops and not goes_on:
        return
    for faces, addresses in _SIDES:
        names = [name for one in rule.statements for name in _names(one, faces)]
        for name in names if len(names) == 1 else ():
            for one in rule.statements:
                yield from ((name, held) for held in _blocks(one, addresses, table, negated=stops))
        if goes_on:
            yield from _paired(rule, faces, addresses, table)
    if goes_on and chain.hook is not None and chain.hook.name in ("input", "output"):
        yield from ((OWN, held) for held in _own(chain.hook.name, rule, table))


def _names(one: object, faces: set[str]) -> Iterator[str]:
    """The interfaces that a condition names, each one alone."""
    if isinstance(one, Match) and isinstance(one.left, Load) and one.left.field in faces and not one.negated:
        yield from (name_of(first) for first, last in one.spans if first == last)


def _blocks(one: object, addresses: Mapping[str, int], table: Table, *, negated: bool) -> Iterator[Ranges]:
    """The addresses that a condition names; `negated`: those that it makes an exception of."""
    left = one.left if isinstance(one, Match) else one.key if isinstance(one, Lookup) else None
    if not isinstance(left, Load) or left.field not in addresses or not isinstance(one, Match | Lookup):
        return
    if one.negated is not negated:
        return
    if isinstance(one, Match):
        spans: Iterable[Span] = one.spans
    else:
        found = table.sets.get(one.set) if isinstance(one.set, str) else one.set
        spans = [element.key[0] for element in found.elements] if found is not None and not found.fault else []
    yield from _ranges(spans, addresses[left.field])


def _ranges(spans: Iterable[Span], family: int) -> Iterator[Ranges]:
    lift = V6 if family == 6 else 0
    held = Ranges.of((first + lift, last + lift) for first, last in spans)
    if held and held.size() < _WIDEST[family]:
        yield held & (ALL_V6 if family == 6 else ALL_V4)


def _paired(rule: Rule, faces: set[str], addresses: Mapping[str, int], table: Table) -> Iterator[tuple[str, Ranges]]:
    """Sets whose elements have an interface and an address."""
    for one in rule.statements:
        key = one.key if isinstance(one, Lookup | Choose) else None
        if not isinstance(key, Join) or (isinstance(one, Lookup) and one.negated):
            continue
        named = one.set if isinstance(one, Lookup) else one.map if isinstance(one, Choose) else ""
        found = table.sets.get(named) if isinstance(named, str) else named
        fields = [part.field if isinstance(part, Load) else "" for part in key.parts]
        at = (
            [n for n, field in enumerate(fields) if field in faces],
            [n for n, f in enumerate(fields) if f in addresses],
        )
        for (face, address), element in product(product(*at), found.elements if found is not None else ()):
            first, last = element.key[face]
            if first == last:
                yield from (
                    (name_of(first), held) for held in _ranges([element.key[address]], addresses[fields[address]])
                )


def _own(hook: str, rule: Rule, table: Table) -> Iterator[Ranges]:
    """Single addresses at the machine's own end. One that ends in 255 is likelier a broadcast address."""
    fields = {"ip daddr": 4, "ip6 daddr": 6} if hook == "input" else {"ip saddr": 4, "ip6 saddr": 6}
    for one in rule.statements:
        for held in _blocks(one, fields, table, negated=False):
            yield Ranges.of((a, b) for a, b in held if a == b and (a >= V6 or a & 0xFF != 0xFF))
