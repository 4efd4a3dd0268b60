"""prove --trace --live: the next real packet that fits, as the kernel's own trace and the model see it."""

import json
import re
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from segctl.cli.exits import Exit
from segctl.cli.options import Settings
from segctl.cli.output import write

if TYPE_CHECKING:
    from segctl.kernel.nftrace import Layout, Seen, Watch
    from segctl.listing import Listing
    from segctl.listing.rule import Ending
    from segctl.model.packet import Packet
    from segctl.model.sought import Sought
    from segctl.prove.result import Traced
    from segctl.prove.sidebyside import Reads, Told
    from segctl.runner import Runner

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TIME = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_SHOWN = 3


class NoPacketCame(Exception):
    """Nothing of the kind was seen: there is nothing to compare."""

    exit_code = Exit.NO_ANSWER

    def __init__(self, wait: float, others: Counter[str]) -> None:
        seen = "; ".join(f"{often} came otherwise: {why}" for why, often in others.most_common(_SHOWN))
        super().__init__(f"no packet of these words came within {wait:g} s" + (f" ({seen})" if seen else ""))
        self.help = "a longer --wait, or wider words: 'any' for an address, a port or an ICMP type"


class RulesChanged(Exception):
    """What was read isn't what the packet met."""

    exit_code = Exit.NO_ANSWER

    def __init__(self) -> None:
        super().__init__("the rules were changed while a packet was awaited: what it met can't be compared")
        self.help = "run it again"


def seconds(context: click.Context, parameter: click.Parameter, value: str) -> float:
    """`30s`, `2m`, `500ms`; a number alone is seconds."""
    found = _TIME.fullmatch(value.strip())
    if found is None:
        raise click.BadParameter("a time, as 30s or 2m", context, parameter)
    return float(found[1]) * _UNITS[found[2] or "s"]


def trace_live(settings: Settings, runner: "Runner", words: str, wait: float, format_: str) -> Exit:
    """Wait, follow, compare. 0 it passes, 1 it doesn't, and the kernel agrees; 5 it doesn't agree."""
    from segctl.apply.reading import read_listing
    from segctl.kernel.nftrace import rule_handles, watching
    from segctl.kernel.tables import generation
    from segctl.load.packets import NoPacket, parse_sought
    from segctl.prove import follow, said
    from segctl.prove.sidebyside import as_the_kernel, beside, reads

    try:
        sought = parse_sought(words)
    except NoPacket as error:
        raise click.BadParameter(str(error), param_hint="--trace") from error
    before = generation(runner)
    listing = _without_traces(read_listing(runner))
    handles = rule_handles(runner)
    _check_interfaces(sought, listing)
    read = reads(listing, sought.way, sought.family)
    with watching(runner, sought, _layout(read)) as watch:
        settings.say(f"waiting up to {wait:g} s for such a packet on {runner.where}")
        packet, seen = _awaited(watch, sought, listing, read, wait)
        one_change = generation(runner) == before + 1  # the tracing itself; somebody else's is another, and no matter
        if not one_change and _without_traces(read_listing(runner)).tables != listing.tables:
            raise RulesChanged
    told = _told(seen)
    trace = follow(as_the_kernel(listing, told), packet)
    live = beside(listing, trace, told, seen.ending, handles, read.fields)
    print_trace(replace(said(trace), live=live), format_)
    return trace_exit(trace.ending) if live.agrees else Exit.NO_ANSWER


def print_trace(shown: "Traced", format_: str) -> None:
    """As text or JSON."""
    from segctl.report.proof import trace_json, trace_lines

    if format_ == "json":
        click.echo(json.dumps(trace_json(shown), indent=1, ensure_ascii=False))
    else:
        write(trace_lines(shown))


def trace_exit(ending: "Ending | None") -> Exit:
    """0 if the packet passes, 1 if not, 5 if nobody can say."""
    from segctl.listing.rule import Ending

    return Exit.NO_ANSWER if ending is None else Exit.YES if ending is Ending.ACCEPT else Exit.NO


def _awaited(watch: "Watch", sought: "Sought", listing: "Listing", read: "Reads", wait: float) -> "tuple[Packet, Seen]":
    """The first packet that fits in all words; NoPacketCame."""
    from segctl.kernel.nftrace_packet import packet_of

    until, others = time.monotonic() + wait, Counter[str]()
    while (seen := watch.next(until)) is not None:
        packet = packet_of(seen, sought, listing.interfaces, read.fields)
        misfit = sought.misfit(packet)
        if not misfit:
            return packet, seen
        others[misfit] += 1
    raise NoPacketCame(wait, others)


def _layout(read: "Reads") -> "Layout":
    """The trace is to tell what the rules read of the connection: where they do, the kernel tracks connections."""
    from segctl.kernel.nftrace import Layout

    asks = {"state", "direction", "ct mark"} & read.fields or any(name.startswith("ct ") for name in read.fields)
    tells = ("ct state", "ct direction", "ct mark") if asks else ()
    if "meta priority" in read.fields:
        tells = (*tells, "meta priority")
    return Layout(tells, "ingress" in read.hooks, "egress" in read.hooks)


def _told(seen: "Seen") -> "list[Told]":
    """Rules and policies, in order."""
    from segctl.kernel.nftrace import PREFIX
    from segctl.prove.sidebyside import Told

    return [
        Told(one.family, one.table, one.chain, one.handle, one.verdict)
        for one in seen.events
        if (one.is_rule or one.policy) and not one.table.startswith(PREFIX)
    ]


def _without_traces(listing: "Listing") -> "Listing":
    """Somebody else may be tracing as well: such a table meets packets, and does nothing with them."""
    from segctl.kernel.nftrace import PREFIX

    return replace(listing, tables=tuple(table for table in listing.tables if not table.name.startswith(PREFIX)))


def _check_interfaces(sought: "Sought", listing: "Listing") -> None:
    for name in filter(None, (sought.iif, sought.oif)):
        if name not in listing.interfaces.values():
            known = ", ".join(listing.interfaces.values())
            raise click.BadParameter(f"there is no interface '{name}'; there are {known}", param_hint="--trace")
