"""What is changed for a time, at once and across generations: quarantine, panic, and their release.

Written down first, then held by the kernel: whoever is killed in between leaves a state that the next command brings to
the kernel, and that `status` tells.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from segctl.apply import hold
from segctl.apply.alone import alone
from segctl.apply.flip import side_of
from segctl.apply.gone import way_on
from segctl.apply.permits import Permit, elements, known, permits, said_traffic
from segctl.apply.result import CannotApply, NotApplied
from segctl.apply.slots import read_slots
from segctl.apply.step import Step, nothing, run
from segctl.kernel import conntrack, netlink
from segctl.kernel.conntrack import Connection
from segctl.kernel.errors import KernelError, NotThere
from segctl.kernel.neighbours import beside
from segctl.model.elements import Elements
from segctl.model.generation import Side
from segctl.model.ranges import LAST_V4, V6, Ranges, parse_address, show_address
from segctl.policy.numbers import SWAPPED
from segctl.runner import Runner, RunnerError
from segctl.store import Damaged, State, StoreError, state_of
from segctl.store.origin import who
from segctl.store.overrides import Override, OverrideKind, plain


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Change:
    """One change of the overrides under way. `cut`: addresses whose connections are forgotten. `warn` hears what is
    wrong and stops nothing. `touched`: something was done; `noted`: what stood on disk.
    """

    runner: Runner
    state: State
    doing: str
    side: Side
    before: tuple[Override, ...]
    after: tuple[Override, ...]
    cut: tuple[int, ...] = ()
    warn: Callable[[str], None] = nothing
    touched: bool = False
    noted: bytes | None = field(init=False)

    def __post_init__(self) -> None:
        self.noted = self.state.overrides.as_they_are()


def begin(job: Change) -> None:
    """In the journal."""
    changed = set(job.after) ^ set(job.before)
    job.state.journal.write(job.doing, "begun", overrides=[plain(one) for one in changed])


def write_down(job: Change) -> None:
    """On disk: it survives a reboot."""
    job.touched = True
    job.state.overrides.write(job.after)


def strike_out(job: Change) -> None:
    """As it was."""
    job.state.overrides.put_back(job.noted)


def hold_it(job: Change) -> None:
    """In the kernel: from here on it bites."""
    job.touched = True
    _let_through(job, job.before, job.after)
    hold.sync(job.runner, job.side, job.after, now(), whole=True)


def let_go(job: Change) -> None:
    """As it was."""
    _let_through(job, job.after, job.before)
    hold.sync(job.runner, job.side, job.before, now())


def _let_through(job: Change, before: Iterable[Override], after: Iterable[Override]) -> None:
    """What is let through beside the rules, in both slots: a flip must not lose it. In each slot in one transaction."""
    old, new = set(before), set(after)
    slots = read_slots(job.runner)
    for slot in (slots.live, slots.sleeping):
        side = side_of(job.state, slot.generation) if slot is not None else None
        if slot is not None and side is not None:
            gone = [part for one in known(side, old - new) for part in elements(side, one)]
            come = [part.at(now()) for one in known(side, new - old) for part in elements(side, one)]
            _exchanged(job.runner, slot.name, gone, come)


def _exchanged(runner: Runner, slot: str, gone: list[Elements], come: list[Elements]) -> None:
    try:
        netlink.exchange(runner, slot, gone, come)
    except NotThere:  # some have ended by themselves meanwhile
        for part in gone:
            with suppress(NotThere):
                netlink.delete(runner, slot, [part])
        netlink.exchange(runner, slot, [], come)


def cut(job: Change) -> None:
    """Connections with what is held are forgotten: they don't go on once it is released. None passes meanwhile, so
    that they can't be forgotten is no reason to let go. Those for remediation live on.
    """
    if not job.cut:
        return
    try:
        found = conntrack.with_ends(job.runner, job.cut)
        conntrack.delete(job.runner, (one for one in found if not _spared(job.side, one)))
    except (KernelError, RunnerError) as error:
        job.warn(f"held, but connections with it can't be forgotten, and may go on once it is released: {error}")


def _spared(side: Side, one: Connection) -> bool:
    """Whether the hold table lets it pass (templates/nftables/hold.nft.j2)."""
    source, destination, asked = one.asks(bool(one.mark & SWAPPED))
    return any(
        source in sources and destination in destinations and asked in services and (not until or now() < until)
        for sources, destinations, services, until in side.remedy
    )


HOLD: tuple[Step[Change], ...] = (
    Step("begin", begin, nothing),
    Step("write down", write_down, strike_out),
    Step("hold", hold_it, let_go),
    Step("cut", cut, nothing),
)

RELEASE: tuple[Step[Change], ...] = (
    Step("begin", begin, nothing),
    Step("hold", hold_it, let_go),
    Step("write down", write_down, strike_out),
)
"""The disk last: killed in between, it says what can be released once more, and any other change holds it again."""


def quarantine(
    runner: Runner,
    words: str,
    until: int,
    why: str,
    *,
    even_management: bool = False,
    warn: Callable[[str], None] = nothing,
    told: Callable[[str], None] = nothing,
) -> Override:
    """Cut an endpoint or address off, until a time (milliseconds since 1970; 0: until it is released).

    All of the endpoint's addresses, and those that the neighbour table shows for the same machine. `warn` hears what
    is wrong although it is held.
    CannotApply, StoreError: nothing was done. NotApplied: what was held before is held.
    """
    with alone(runner, f"quarantine {words}", _PATIENCE) as state:
        side = _live(runner, state)
        typed = _addresses(side, words)
        others = beside(runner, typed)
        every = (*typed, *sorted(others))
        if not even_management:
            _demand_managers(side, Ranges.of((one, one) for one in every), state)
        noted = tuple(f"{show_address(one)} has the same hardware address {mac}" for one, mac in sorted(others.items()))
        before = state.overrides.all()
        made = Override(_next(before), OverrideKind.QUARANTINE, (words,), why, str(who()), now(), until, every, noted)
        _carried_out(Change(runner, state, "quarantine", side, before, (*_alive(before), made), every, warn), told)
        return made


def grant(
    runner: Runner,
    words: tuple[str, str, str],
    traffic: Ranges,
    until: int,
    why: str,
    told: Callable[[str], None] = nothing,
) -> Override:
    """Let connections through for a time: from, to and service as they were typed. As `quarantine` raises; CannotApply
    as well where a guardrail forbids some of it, or where a grant that holds speaks of some of it already.
    """
    with alone(runner, f"grant {' '.join(words)}", _PATIENCE) as state:
        side = _live(runner, state)
        before = state.overrides.all()
        made = Override(
            _next(before), OverrideKind.GRANT, (*words, said_traffic(traffic)), why, str(who()), now(), until
        )
        (permit,) = permits(side, made)
        _demand_allowed(side, permit)
        for one in _alive(before):
            if one.kind is OverrideKind.GRANT and any(_meet(permit, other) for other in permits(side, one)):
                raise CannotApply(f"{one.id} grants some of that already", f"`segctl release {one.id}` first")
        list(elements(side, made))  # more than fits is told before anything is done
        _carried_out(Change(runner, state, "grant", side, before, (*_alive(before), made)), told)
        return made


def services(runner: Runner) -> Mapping[str, Ranges]:
    """Those of the site that is live, by name; none where nothing is that is kept."""
    with state_of(runner, make=False) as state:
        live = read_slots(runner).live
        side = side_of(state, live.generation) if state is not None and live is not None else None
        return side.services if side is not None else {}


def _demand_allowed(side: Side, permit: Permit) -> None:
    for source, destination, traffic in side.rails:
        if source.meets(permit.source) and destination.meets(permit.destination) and traffic.meets(permit.traffic):
            raise CannotApply("a guardrail forbids some of that", "`segctl explain FROM TO SERVICE` names it")


def _meet(one: Permit, other: Permit) -> bool:
    pairs = zip(
        (one.source, one.destination, one.traffic), (other.source, other.destination, other.traffic), strict=True
    )
    return all(mine.meets(theirs) for mine, theirs in pairs)


def relax(runner: Runner, segment: str, until: int, why: str, told: Callable[[str], None] = nothing) -> Override:
    """Let a segment only observe for a time. As `quarantine` raises; CannotApply at a host, whose rules don't tell it
    from others.
    """
    with alone(runner, f"relax {segment}", _PATIENCE) as state:
        side = _live(runner, state)
        if side.host:
            raise CannotApply(
                f"{runner.where} is a host: its rules know no segments, only who is treated alike",
                "`mode: observe` in the site, and `segctl apply`; or a grant",
            )
        before = state.overrides.all()
        if any(one.kind is OverrideKind.RELAX and one.words == (segment,) for one in _alive(before)):
            raise CannotApply(f"'{segment}' is relaxed already", f"`segctl release {segment}` first")
        made = Override(_next(before), OverrideKind.RELAX, (segment,), why, str(who()), now(), until)
        list(elements(side, made))
        _carried_out(Change(runner, state, "relax", side, before, (*_alive(before), made)), told)
        return made


def panic(runner: Runner, until: int, why: str, told: Callable[[str], None] = nothing) -> Override:
    """Shut all but essentials and management. As `quarantine` raises."""
    with alone(runner, "panic", _PATIENCE) as state:
        side = _live(runner, state)
        before = state.overrides.all()
        made = Override(_next(before), OverrideKind.PANIC, (), why, str(who()), now(), until)
        _carried_out(Change(runner, state, "panic", side, before, (*_alive(before), made)), told)
        return made


def release(runner: Runner, words: str, why: str, told: Callable[[str], None] = nothing) -> tuple[Override, ...]:
    """End overrides before their time: by id, by the words that made them, or by `all`. As `quarantine` raises."""
    with alone(runner, f"release {words}", _PATIENCE) as state:
        before, damaged = _readable(state, words)
        alive = _alive(before)
        gone = tuple(one for one in alive if _meant(one, words))
        shut = words == "all" and hold.present(runner)  # also what a boot has shut that could load nothing
        if not gone and not shut and not damaged:
            known = ", ".join(f"{one.id} ({one.kind} {' '.join(one.words)})".replace(" )", ")") for one in alive)
            raise CannotApply(f"nothing like '{words}' holds on {runner.where}; what holds: {known or 'nothing'}")
        live = read_slots(runner).live
        side = side_of(state, live.generation) if live is not None else None
        rest = tuple(one for one in alive if one not in gone)
        _carried_out(Change(runner, state, "release", side or _newest(state), before, rest), told, why, RELEASE)
        return gone


def _readable(state: State, words: str) -> tuple[tuple[Override, ...], bool]:
    """What is kept; nothing if that is damaged (True) and all is to end: it is the way out."""
    try:
        return state.overrides.all(), False
    except Damaged:
        if words != "all":
            raise
        return (), True


def overrides(runner: Runner, state: State) -> tuple[Override, ...]:
    """What holds now, as it was written down."""
    return _alive(state.overrides.all())


_MAPPED = V6 + (0xFFFF << 32)  # ::ffff:0:0/96
_PATIENCE = 10.0  # seconds for whoever changes the point now: who cuts off an intruder waits rather than types again


def _carried_out(job: Change, told: Callable[[str], None], why: str = "", steps: Sequence[Step[Change]] = HOLD) -> None:
    try:
        run(steps, job, told)
    except (KernelError, RunnerError, StoreError, NotApplied) as error:
        with suppress(StoreError):
            job.state.journal.write(job.doing, "failed", why=str(error))
        if job.touched and not isinstance(error, NotApplied):
            raise NotApplied(str(error), getattr(error, "help", "")) from error
        raise
    with suppress(StoreError):
        job.state.journal.write(job.doing, "done", why=why)


def _live(runner: Runner, state: State) -> Side:
    """Of the generation that is awake: on it hangs what passes nevertheless."""
    live = read_slots(runner).live
    side = side_of(state, live.generation) if live is not None else None
    if side is None:
        raise CannotApply(f"no generation that is kept is live on {runner.where}", way_on(state))
    return side


def _newest(state: State) -> Side:
    """Where nothing need be live: of the newest generation that can be read."""
    found = (side_of(state, number) for number in reversed(state.generations.numbers()))
    return next((side for side in found if side is not None), Side())


def _addresses(side: Side, words: str) -> tuple[int, ...]:
    """Of an endpoint by its name, or the one that is written."""
    with suppress(ValueError):
        return (_typed(words),)
    if words not in side.endpoints:
        raise WrongTarget(f"'{words}' is no address, and no endpoint of the site that is live")
    return side.endpoints[words]


def _typed(words: str) -> int:
    """An address; one of IPv4 on a socket of IPv6 (RFC 4291, 2.5.5.2) is that of IPv4, as no packet has the other."""
    address = parse_address(words)
    return address - _MAPPED if _MAPPED <= address <= _MAPPED + LAST_V4 else address


class WrongTarget(Exception):
    """Nobody is named so."""

    exit_code = 2
    help = "write an address, or the name of an endpoint of the site"


def _demand_managers(side: Side, held: Ranges, state: State) -> None:
    """Somebody must be left who can release it, and not only somebody else than who asks."""
    help = "--even-management holds it all the same"
    words = os.environ.get("SSH_CONNECTION", "").split()  # sshd(8): the client's address and port, the server's
    for what, end in zip(("comes from", "ends at"), words[::2], strict=False):
        with suppress(ValueError):
            if parse_address(end) in held:
                raise CannotApply(f"this session {what} {end}, which would be cut off", help)
    already = Ranges.of((one, one) for other in _alive(state.overrides.all()) for one in other.addresses)
    if side.managers and not side.managers - already - held:
        raise CannotApply("that is the last source of management: nobody could release it from there", help)


def _alive(overrides: Iterable[Override]) -> tuple[Override, ...]:
    moment = now()
    return tuple(one for one in overrides if one.active(moment))


def _next(overrides: Iterable[Override]) -> int:
    return 1 + max((one.id for one in overrides), default=0)


def _meant(one: Override, words: str) -> bool:
    if words == "all" or words == str(one.id) or words == str(one.kind):
        return True
    if words in one.words:
        return True
    with suppress(ValueError):
        return _typed(words) in one.addresses
    return False
