"""Which rules in the kernel carry a decision out, and how often they did: the packet's way through what is live."""

from collections.abc import Iterable

from segctl.apply.hits import hits
from segctl.apply.reading import read_listing
from segctl.apply.result import Carried
from segctl.apply.slots import SLOTS, read_slots
from segctl.kernel.counters import first_rule
from segctl.listing.rule import Ending
from segctl.model.generation import Meaning
from segctl.model.packet import Packet
from segctl.prove import follow, said
from segctl.prove.clauses import NUMBER_MASK
from segctl.prove.result import Traced
from segctl.runner import Runner
from segctl.store import State, state_of

_OURS = tuple(f"inet {name}" for name in SLOTS)


def carry(runner: Runner, packets: Iterable[Packet]) -> tuple[Carried, ...]:
    """What becomes of each packet there now. KernelError if nft can't say what it holds."""
    listing = read_listing(runner)
    traces = [said(follow(listing, packet)) for packet in packets]
    with state_of(runner, make=False) as state:
        meanings = _meanings(runner, state)
        counted = hits(runner, state) if state is not None else {}
        return tuple(_carried(runner, trace, meanings, counted) for trace in traces)


def _meanings(runner: Runner, state: State | None) -> dict[int, Meaning]:
    """What the numbers of the generation that is awake stand for; nothing where that isn't known."""
    live = read_slots(runner).live
    kept = state.generations.read(live.generation) if state is not None and live and live.generation else None
    return dict(kept.rules.meanings) if kept is not None else {}


def _carried(
    runner: Runner, trace: Traced, meanings: dict[int, Meaning], counted: dict[tuple[str, str], int]
) -> Carried:  # fmt: skip
    """The last rule that looked something up chose; the last of all ended the packet's way."""
    chosen = [rule for rule in trace.met[:-1] if "map @" in rule.text][-1:]
    rules = (*chosen, *trace.met[-1:])
    if trace.ending == Ending.ACCEPT:
        meaning = meanings.get((trace.connection_mark or 0) & NUMBER_MASK)
        if meaning is not None:
            line = meaning.kind, meaning.name
            return Carried(trace.packet, trace.ending, rules, counted.get(line, 0), f"{meaning.kind} '{meaning.name}'")
    elif rules and rules[-1].table in _OURS:
        table = rules[-1].table.removeprefix("inet ")
        seen = first_rule(runner, table, rules[-1].chain)
        return Carried(trace.packet, trace.ending, rules, seen, f"all that chain {rules[-1].chain} ended")
    return Carried(trace.packet, trace.ending, rules, None, "", trace.doubts)
