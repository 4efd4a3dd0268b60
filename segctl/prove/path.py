"""Which base chains a packet meets, in order: hooks on its way, chains of all families by priority.

Hooks: include/uapi/linux/netfilter.h; priorities: netfilter_ipv4.h. Conntrack looks at a packet at -200 in prerouting
and output: before that no chain sees a connection. Chains of one priority run in the order in which they were
registered, which no listing tells: it matters only where both assign what the other reads.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from segctl.listing.rule import Chain, Ending, Family, Hook, Listing, Table, name_span
from segctl.model.packet import Way
from segctl.model.point import Point, PointKind
from segctl.prove.axes import IIF, OIF, Seen
from segctl.prove.space import Spans

CONNTRACK = -200  # NF_IP_PRI_CONNTRACK
NAT = {"prerouting": -100, "output": -100, "input": 100, "postrouting": 100}  # NF_IP_PRI_NAT_DST, NF_IP_PRI_NAT_SRC
HOOKS = {
    Way.FORWARD: ("ingress", "prerouting", "forward", "postrouting", "egress"),
    Way.INPUT: ("ingress", "prerouting", "input"),
    Way.OUTPUT: ("output", "postrouting", "egress"),
}
_OF_FAMILY = {4: (Family.INET, Family.IP), 6: (Family.INET, Family.IP6)}


@dataclass(frozen=True, slots=True)
class Stage:
    """One base chain on the way, and what is known of a packet there.

    `devices`: the interfaces whose packets alone meet it (netdev, inet ingress), on `device_axis`; None for all.
    """

    table: Table
    chain: Chain
    seen: frozenset[Seen]
    devices: Spans | None = None
    device_axis: str = IIF


def ways_of(point: Point) -> tuple[Way, ...]:
    """The ways that a point filters: what a host forwards is none of its business."""
    return (Way.INPUT, Way.OUTPUT) if point.kind is PointKind.HOST else tuple(Way)


def stages(listing: Listing, way: Way, family: int, awake: dict[tuple[str, str], bool] | None = None) -> list[Stage]:
    """All base chains that a packet of a family meets on a way, in order.

    `awake` overrides what the listing says of a table, by family and name: to look at a slot that sleeps as if it
    were the one awake.
    """
    found = []
    for table in listing.tables:
        asleep = table.dormant
        if awake is not None and (table.family, table.name) in awake:
            asleep = not awake[table.family, table.name]
        if not asleep:
            found += list(_of_table(table, way, family))
    order = HOOKS[way]
    found.sort(key=lambda stage: (order.index(stage.chain.hook.name), *_runs_at(stage.chain.hook)))  # type: ignore[union-attr, arg-type]
    return [stage for stage in found if not _idle(stage)]


def _of_table(table: Table, way: Way, family: int) -> Iterator[Stage]:
    for chain in table.chains.values():
        hook = chain.hook
        if hook is None or hook.name not in HOOKS[way]:
            continue
        layer2 = hook.name in ("ingress", "egress")
        if table.family not in _OF_FAMILY[family] and not (layer2 and table.family is Family.NETDEV):
            continue
        devices: Spans | None = tuple(name_span(name) for name in hook.devices) if layer2 else None
        yield Stage(
            table, chain, _seen(way, hook.name, _runs_at(hook)[0]), devices, OIF if hook.name == "egress" else IIF
        )


def _runs_at(hook: Hook) -> tuple[int, int]:
    """Where a chain runs: of type nat within NAT's own hooks, by its priority among those (nf_nat_core.c)."""
    if hook.kind == "nat":
        return NAT[hook.name], hook.priority
    return hook.priority, 0


def _seen(way: Way, hook: str, priority: int) -> frozenset[Seen]:
    seen = set()
    if way is not Way.OUTPUT and hook != "egress":
        seen.add(Seen.IIF)
    if hook in ("forward", "postrouting", "egress") or way is Way.OUTPUT:
        seen.add(Seen.OIF)
    first = hook in ("prerouting", "output")
    if hook != "ingress" and not (first and priority < CONNTRACK):
        seen.add(Seen.CONNECTION)
    if way is Way.FORWARD and hook in ("forward", "postrouting", "egress"):
        seen.add(Seen.ROUTED)
    return frozenset(seen)


def _idle(stage: Stage) -> bool:
    """A chain without a rule whose policy is accept."""
    hook = stage.chain.hook
    return hook is not None and not stage.chain.rules and hook.policy is Ending.ACCEPT


def bridges(tables: Iterable[Table]) -> list[Table]:
    """Tables that look at bridged frames: a routed packet meets them only if its interface is a bridge."""
    return [t for t in tables if t.family is Family.BRIDGE and not t.dormant and any(c.hook for c in t.chains.values())]
