"""How often each line of the site let a connection through, over all generations.

The kernel counts on the elements that give connections their numbers; what a slot has counted is added up on disk
before it is taken away. What was counted since is lost with the kernel, at a reboot.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

from segctl.apply.slots import SLOTS, generation_of
from segctl.kernel import netlink
from segctl.kernel.counters import counted
from segctl.kernel.errors import KernelError
from segctl.model.generation import Meaning
from segctl.runner import Runner
from segctl.store import Damaged, State, StoreError

_MAPS = ("numbers", "numbers_own")
Line = tuple[str, str]
"""Kind and name: ("flow", "orders")."""


def hits(runner: Runner, state: State) -> dict[Line, int]:
    """By line, what was counted before and what both slots count now."""
    total = _before(state)
    for table in netlink.tables(runner):
        if table.family == "inet" and table.name in SLOTS:
            total.update(_of_slot(runner, state, table.name))
    return dict(total)


def put_by(runner: Runner, state: State, slot: str) -> None:
    """Add up what a slot has counted, before it is taken away; a count that is lost stops no change."""
    with suppress(KernelError, StoreError):
        found = _of_slot(runner, state, slot)
        if found:
            total = _before(state)
            total.update(found)
            state.keep_hits(dict(total))


def _before(state: State) -> Counter[Line]:
    with suppress(Damaged):
        return Counter(state.hits())
    return Counter()


def _of_slot(runner: Runner, state: State, slot: str) -> Counter[Line]:
    """Nothing where it isn't known which generation that is, and what its numbers mean."""
    found = Counter[Line]()
    number = generation_of(runner, slot)
    kept = None
    with suppress(Damaged):
        kept = state.generations.read(number) if number is not None else None
    if kept is None:
        return found
    meanings: Mapping[int, Meaning] = kept.rules.meanings
    for _, data, packets in counted(runner, slot, _MAPS):
        meaning = meanings.get(int.from_bytes(data, "little"))
        if meaning is not None:
            found[meaning.kind, meaning.name] += packets
    return found
