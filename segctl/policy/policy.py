"""A site with its meaning worked out once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from segctl.model.flow import Flow, Guardrail, Management, traffic_of
from segctl.model.ranges import NOTHING, Ranges
from segctl.model.selector import POINTS, Selectors
from segctl.model.service import ALL_TRAFFIC
from segctl.model.site import Site
from segctl.policy.essentials import Essential, essentials, own_addresses
from segctl.policy.match import Statement, Statements
from segctl.policy.partition import Partition
from segctl.policy.resolve import resolve_in


@dataclass(frozen=True, slots=True)
class Policy:
    """What a site means: the partition of the addresses, and every statement with the pairs that it speaks of.

    `gateways` are each gateway's own addresses, by its name; `hosts` those of a host point's endpoint, the special ones
    left out. `held` are the addresses in quarantine at run time (step 0c); in `panic` nothing but essentials and
    management passes; `kept` are the numbers of connections that live on though nothing allows them any more (the law's
    keep). The cache only remembers what was asked.
    """

    site: Site
    partition: Partition
    flows: Statements[Flow]
    guardrails: Statements[Guardrail]
    management: Statements[Management]
    essentials: tuple[Essential, ...]
    host_addresses: Ranges
    gateways: Mapping[str, Ranges]
    hosts: Mapping[str, Ranges]
    held: Ranges = NOTHING
    panic: bool = False
    kept: frozenset[int] = frozenset()
    _essentials: dict[int, tuple[Essential, ...]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def essentials_over(self, traffic: int) -> tuple[Essential, ...]:
        """Those that speak of one service: a few of dozens."""
        if (known := self._essentials.get(traffic)) is None:
            known = self._essentials[traffic] = tuple(row for row in self.essentials if traffic in row.traffic)
        return known

    @property
    def own(self) -> Mapping[str, Ranges]:
        """Segment to its addresses after the partition, built-in segments included."""
        return self.partition.own

    @property
    def special(self) -> Ranges:
        return self.partition.special

    def segment_of(self, address: int) -> str | None:
        """The segment that an address is in; None for a special one."""
        return self.partition.owner(address)

    def home_of(self, address: int) -> str | None:
        """As `segment_of`, but a quarantined address counts as of the segment whose members claim it."""
        return self.partition.home_owner(address)


def make_policy(site: Site, made: Partition) -> Policy:
    """Every statement's words turned into addresses."""
    hosts = {point.name: own_addresses(site, point) - made.special for point in site.hosts()}
    host_addresses = Ranges.of(span for own in hosts.values() for span in own)
    managed = made.own[POINTS] | host_addresses

    known: dict[tuple[type, str], Ranges] = {}

    def named(selectors: Selectors) -> Ranges:
        """Thousands of flows name the same: they share one set, which is then looked at once."""
        if len(selectors) != 1:
            return resolve_in(site, made, selectors, inner=False)
        key = type(selectors[0]), str(selectors[0])
        if key not in known:
            known[key] = resolve_in(site, made, selectors, inner=False)
        return known[key]

    def flow(said: Flow) -> Statement[Flow]:
        source, destination = named(said.source), named(said.destination)
        source -= resolve_in(site, made, said.source_except, inner=True)
        destination -= resolve_in(site, made, said.destination_except, inner=True)
        return Statement(said, source, destination, traffic_of(said.services))

    def guardrail(said: Guardrail) -> Statement[Guardrail]:
        source = resolve_in(site, made, said.source, inner=True)
        destination = resolve_in(site, made, said.destination, inner=True)
        return Statement(said, source, destination, traffic_of(said.services) if said.services else ALL_TRAFFIC)

    def management(said: Management) -> Statement[Management]:
        source = resolve_in(site, made, said.source, inner=False)
        return Statement(said, source, managed, traffic_of(said.services))

    return Policy(
        site,
        made,
        Statements(tuple(flow(said) for said in sorted(site.flows, key=lambda s: s.name))),
        Statements(tuple(guardrail(said) for said in sorted(site.guardrails, key=lambda s: s.name))),
        Statements(tuple(management(said) for said in sorted(site.management, key=lambda s: s.name))),
        essentials(site),
        host_addresses,
        {gateway.name: gateway.own() for gateway in site.gateways()},
        hosts,
    )


def resolve(policy: Policy, selectors: Selectors, *, inner: bool = False) -> Ranges:
    """The addresses that selectors name; `inner`: a segment's name means those within it as well."""
    return resolve_in(policy.site, policy.partition, selectors, inner=inner)
