"""Where what the kernel holds isn't what was applied: as rules and elements, and as connections that fare otherwise."""

from datetime import datetime

from segctl.apply import hold
from segctl.apply.gone import way_on
from segctl.apply.keeping import Reread
from segctl.apply.overlay import overlay
from segctl.apply.permits import known, with_permits
from segctl.apply.proving import told
from segctl.apply.reading import read_listing
from segctl.apply.result import CannotApply, Drift
from segctl.apply.slots import Slot, Slots, read_slots
from segctl.apply.verify import differences, held, meant
from segctl.model.generation import Loadable
from segctl.model.moment import milliseconds
from segctl.policy import Policy
from segctl.runner import Runner
from segctl.store import Kept, State, state_of


def drift(runner: Runner, reread: Reread, at: datetime) -> Drift:
    """What changed on a point since it was applied. CannotApply where nothing was, or where nothing of it is kept."""
    with state_of(runner, make=False) as state:
        slots = read_slots(runner)
        kept, parts = compared(runner, state, slots, at)
        if not parts:
            return Drift(runner.where, kept.about.number)
        return Drift(runner.where, kept.about.number, parts, _connections(runner, state, kept, reread(kept), at))


def compared(runner: Runner, state: State | None, slots: Slots, at: datetime) -> tuple[Kept, tuple[str, ...]]:
    """The generation that should be live, and in words where the kernel differs from it."""
    number = expected(state, slots)
    kept = state.generations.read(number) if state is not None and number is not None else None
    if state is None or kept is None:
        raise CannotApply(f"nothing that was applied on {runner.where} is kept", "`segctl apply` begins anew")
    now = milliseconds(at)
    rules = with_permits(kept.rules, known(kept.rules.side, state.overrides.active(now)), now)
    if slots.live is None:
        parts = [f"generation {number} isn't there any more: {way_on(state)}"]
    else:
        parts = list(_table(runner, slots.live, kept.about.number, rules, at))
    aim, found = hold.wanted(state.overrides.all(), now), hold.holding(runner, hold.clock())
    if any(not hold.same(found[name], aim[name]) for name in hold.SETS):
        parts.append("what is held at run time isn't what the overrides say")
    if any(aim.values()) and not hold.intact(runner, kept.rules.side, now):
        parts.append(f"table inet {hold.TABLE} isn't as it was made: what is held may pass")
    return kept, tuple(parts)


def expected(state: State | None, slots: Slots) -> int | None:
    """Which generation should be live: the one that says so, else the one that was confirmed last."""
    if slots.live is not None and slots.live.generation is not None:
        return slots.live.generation
    return state.standing().confirmed if state is not None else None


def _table(runner: Runner, live: Slot, number: int, rules: Loadable, at: datetime) -> tuple[str, ...]:
    if live.generation is None:
        return (f"generation {number} isn't there any more",)
    return differences(meant(rules, live.name, live.generation, at), held(runner, live.name))


def _connections(runner: Runner, state: State | None, kept: Kept, policy: Policy, at: datetime) -> tuple[str, ...]:
    """What passes or doesn't, against what was applied."""
    from segctl.prove import TooLarge, TooManyClasses, prove

    now = state.overrides.active(milliseconds(at)) if state is not None else ()
    meaning = overlay(kept.rules.side, now).over(policy)
    try:
        proof = prove(read_listing(runner), meaning, meaning.site.points[kept.about.point], at)
    except (TooLarge, TooManyClasses) as error:
        return (f"which connections that concerns can't be told: {error}",)
    return tuple(told(proof))
