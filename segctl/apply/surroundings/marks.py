"""Marks that others use: of connections, which hold our numbers, and of packets, which hold our scratch.

A packet that needs a decision gets its classes into packet mark and priority on forward, input and output at priority
0, and leaves them there with neither set. So what asks for a packet's mark before that is as it was without us: rules
on ingress and prerouting, on forward, input and output before priority 0, and routes (`ip rule … fwmark`), which the
kernel looks up before these hooks. Whatever asks later, on postrouting, at egress, in a queue, gets nothing.
Whoever only sets a packet's mark loses nothing by us, and we nothing by it: both registers are set before they are
read. docs/limits.md says this in an operator's words.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from segctl.apply.result import Concern, Level
from segctl.apply.surroundings.foreign import named
from segctl.kernel.marking import MarkRule, Queue
from segctl.listing.rule import Family, Hook, Table
from segctl.listing.uses import CONNECTION_MARK, PACKET_MARK, PRIORITY, Use, uses

SETTINGS = ("ipv4/fwmark_reflect", "ipv6/fwmark_reflect", "ipv4/tcp_fwmark_accept")
"""With these the kernel takes a packet's mark over into its answers, after our hooks."""

_ALWAYS_BEFORE = ("ingress", "prerouting")
_OURS = ("input", "forward", "output")
_PRIORITY_OF_OURS = 0

_NUMBERS = "connection marks hold the numbers of our lines"
_SCRATCH = "our rules use a packet's mark and priority, and leave neither behind"
_HELP = "take the marks out of it, or leave this machine to others: we keep no bit of theirs"


@dataclass(frozen=True, slots=True)
class Marking:
    """What a place has beside tables that asks for marks. `policies`: IPsec's."""

    rules: tuple[MarkRule, ...]
    queues: tuple[Queue, ...]
    policies: tuple[str, ...]


def mark_concerns(tables: Iterable[Table], marking: Marking, settings: Mapping[str, str]) -> Iterator[Concern]:
    """Every use that our rules would break refuses; harmless ones are told, one line for each table."""
    awake = [table for table in tables if not table.dormant]
    for table in awake:
        yield from _of_table(table)
    yield from _of_routes(marking.rules, awake, settings)
    for queue in marking.queues:
        yield from _of_queue(queue)
    for policy in marking.policies:
        what = f"an IPsec policy asks for the mark of packets that come to this machine: {policy}"
        yield Concern(Level.REFUSES, f"{what}: {_SCRATCH}", _HELP)


def _of_table(table: Table) -> Iterator[Concern]:
    harmless = 0
    for use in uses(table):
        why = _breaks(use, table)
        if why:
            doing = " and ".join(["reads"] * use.reads + ["sets"] * use.sets)
            rule = f"{named(table)}, chain {use.chain}, {doing} {_said(use.field)}: {use.rule.text}"
            yield Concern(Level.REFUSES, f"{rule}: {why}", _HELP)
        else:
            harmless += 1
    if harmless:
        rules = "a rule uses" if harmless == 1 else f"{harmless} rules use"
        yield Concern(Level.TELLS, f"{named(table)}: {rules} packet marks where ours do no harm to it")


def _breaks(use: Use, table: Table) -> str:
    """Why our rules and this one can't both be; empty if they can."""
    if use.field == CONNECTION_MARK:
        return _NUMBERS
    late = not use.hooks or not all(before_ours(hook, table.family) for hook in use.hooks)
    early = not use.hooks or any(before_ours(hook, table.family) for hook in use.hooks)
    if use.reads and late:
        return _SCRATCH
    return _SCRATCH if use.field == PRIORITY and use.sets and early else ""


def before_ours(hook: Hook, family: Family) -> bool:
    """Whether a packet meets it before our rules, on each of its ways. At our own priority that isn't known."""
    if hook.name in _ALWAYS_BEFORE:
        return True
    if family == Family.BRIDGE:  # a frame that we forward leaves by a bridge behind our rules, comes to us before
        return hook.name == "input"
    return hook.name in _OURS and hook.priority < _PRIORITY_OF_OURS


def _of_routes(rules: tuple[MarkRule, ...], awake: list[Table], settings: Mapping[str, str]) -> Iterator[Concern]:
    """Routes are looked up before our hooks, but for answers that take the mark over, and for what is routed anew."""
    taken_over = [f"net.{name.replace('/', '.')} is {settings[name]}" for name in SETTINGS if _is_on(settings, name)]
    anew = [f"{named(table)} routes packets of this machine anew" for table in awake if _routes_anew(table)]
    for rule in rules:
        what = f"`ip{' -6' if rule.family == 6 else ''} rule` looks routes up by packet marks ({rule.text})"
        why = [*taken_over, *anew]
        if why:
            yield Concern(Level.REFUSES, f"{what}, and {'; '.join(why)}, after our rules: {_SCRATCH}", _HELP)
        else:
            yield Concern(Level.TELLS, f"{what}: the kernel does so before it comes to our rules")


def _is_on(settings: Mapping[str, str], name: str) -> bool:
    return settings.get(name, "0") != "0"


def _routes_anew(table: Table) -> bool:
    """A chain of type route on output looks the route up again, by the mark that it finds, if it changed something."""
    hooks = (chain.hook for chain in table.chains.values())
    return any(hook and hook.kind == "route" and not before_ours(hook, table.family) for hook in hooks)


def _of_queue(queue: Queue) -> Iterator[Concern]:
    if queue.field == PRIORITY:
        yield Concern(
            Level.WARNS,
            f"{queue.text} sorts packets by their priority: the first of each connection goes without one",
        )
    else:
        why = _NUMBERS if queue.field == CONNECTION_MARK else _SCRATCH
        yield Concern(Level.REFUSES, f"{queue.text}: {why}", _HELP)


def _said(field: str) -> str:
    return {CONNECTION_MARK: "connection marks", PACKET_MARK: "packet marks", PRIORITY: "packets' priority"}[field]
