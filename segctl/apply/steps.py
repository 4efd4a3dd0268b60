"""The lists of steps: apply, and roll back."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from segctl.apply.priming import Adoption, adopt
from segctl.apply.proving import Shown, shown, still
from segctl.apply.result import Applied, CannotApply, NotApplied, RolledBack, Unsettled
from segctl.apply.slots import Slots, delete_slot, read_slots, ticket
from segctl.apply.step import Step, nothing, run
from segctl.apply.verify import Held, differences, held, meant, numbered
from segctl.compile import Ruleset, pack, render_flip, render_sleep, render_structure
from segctl.kernel import conntrack, netlink, nft, parts
from segctl.kernel.errors import KernelError, KernelRefused, MessageTooLong, NoPrivilege, ToolMissing
from segctl.kernel.tools import run_tool
from segctl.policy import Policy
from segctl.runner import Runner, RunnerError

_TICK = 0.1


class Proving(StrEnum):
    """What a proof is good for: demanded, it must be there before the flip; else it is only told, or not asked for."""

    DEMANDED = "demanded"
    TOLD = "told"
    LEFT_OUT = "left out"


@dataclass(slots=True)
class Job:
    """One apply under way: what is wanted, and what is known so far.

    `ticket` stands in the slot until the flip puts the generation's number there; `touched`: something was
    done; `flipped`: it may be awake.
    """

    runner: Runner
    policy: Policy
    rules: Ruleset
    at: datetime
    prime: float
    told: Callable[[str], None]
    proving: Proving = Proving.DEMANDED
    proof: Shown | None = None
    slots: Slots = field(default_factory=lambda: Slots(None, None))
    ticket: int = field(default_factory=ticket)
    touched: bool = False
    flipped: bool = False
    wanted: Held | None = None
    adoption: Adoption = field(default_factory=lambda: Adoption((), ()))

    @property
    def slot(self) -> str:
        return self.slots.free

    @property
    def generation(self) -> int:
        return self.slots.next_generation

    @property
    def first(self) -> bool:
        """Nothing of ours is awake yet."""
        return self.slots.live is None


def look(job: Job) -> None:
    """Which slot is free, and that nft takes the rules at all: before anything is touched."""
    job.slots = read_slots(job.runner)
    if job.slots.live is not None and job.slots.live.generation is None:
        name = job.slots.live.name
        raise CannotApply(
            f"{name} is awake on {job.runner.where}, but says no generation: somebody else changed our table",
            f"if its rules are still ours, `nft add chain inet {name} gen_00000001` numbers it; else delete it",
        )
    if job.first:
        run_tool(job.runner, ["conntrack", "--version"], "looking for conntrack")  # needed once all is loaded
    with suppress(MessageTooLong):  # who isn't root sends it in parts; `meant` tries them in a scratch namespace
        nft.check(job.runner, render_structure(job.rules, "segctl_check", job.ticket))
    job.wanted = meant(job.rules, job.slot, job.ticket, job.at)


def load_asleep(job: Job) -> None:
    """The new generation into the slot that isn't live: nobody notices, however long it takes."""
    job.touched = True
    delete_slot(job.runner, job.slot)
    parts.load_asleep(job.runner, render_structure(job.rules, job.slot, job.ticket))
    netlink.add(job.runner, job.slot, pack(job.rules, job.at))


def unload(job: Job) -> None:
    """Take the sleeping slot away again, unless it is the live one by now."""
    if read_slots(job.runner).free == job.slot:
        delete_slot(job.runner, job.slot)


def read_back(job: Job) -> None:
    """What sleeps there is what was meant."""
    if job.wanted is None:
        raise NotApplied("nothing to compare with")
    found = differences(job.wanted, held(job.runner, job.slot))
    if found:
        raise NotApplied(f"what {job.runner.where} holds is not what was meant: {'; '.join(found)}")


def prove_asleep(job: Job) -> None:
    """What sleeps there would do with every packet what the site means; else it isn't woken."""
    if job.proving is Proving.LEFT_OUT:
        return
    job.proof = shown(job.runner, job.policy, job.rules.point, job.at, job.slot)
    if not job.proof.proven and job.proving is Proving.DEMANDED:
        raise NotApplied(
            f"what sleeps in {job.slot} on {job.runner.where} is {job.proof.found}: {'; '.join(job.proof.told)}",
            "`segctl prove` tells all of it; --unproven wakes it nevertheless",
        )


def prime(job: Job) -> None:
    """Wait until connections in use are tracked: a sleeping table already makes the kernel do that."""
    if not job.first or not job.prime:
        return
    end = time.monotonic() + job.prime
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(_TICK, left))


def adopt_connections(job: Job) -> None:
    """Give every tracked connection the number of the line that allows it, before the first flip."""
    if job.first:
        job.adoption = adopt(job.runner, job.policy, job.rules, job.at)
        conntrack.set_marks(job.runner, job.adoption.numbered)


def flip(job: Job) -> None:
    """One transaction wakes the new generation, numbers it, and puts the old one to sleep."""
    old = job.slots.live.name if job.slots.live else None
    job.flipped = True
    try:
        nft.load(job.runner, render_flip(job.slot, job.generation, old, job.ticket))
    except KernelRefused:  # whole or nothing: what may be awake in that slot now is somebody else's
        job.flipped = False
        raise
    if job.wanted is not None:
        job.wanted = numbered(job.wanted, job.ticket, job.generation)


def read_awake(job: Job) -> None:
    """What is awake is what was meant, and what was proven, with all that others hold."""
    read_back(job)
    if job.proof is not None:
        still(job.runner, job.slot, job.proof)


def flip_back(job: Job) -> None:
    """The same backwards; without an old generation ours goes to sleep."""
    now = read_slots(job.runner)
    if not job.flipped or now.live is None or now.live.name != job.slot:
        return
    old = job.slots.live
    try:
        if old is None or old.generation is None:
            nft.load(job.runner, render_sleep(job.slot))
        else:
            nft.load(job.runner, render_flip(old.name, old.generation, job.slot))
    except (KernelError, RunnerError) as error:
        raise Unsettled(
            f"generation {job.generation} failed, but is live on {job.runner.where}: it can't be taken back: {error}",
            "look at our tables (`nft list ruleset`), then `segctl rollback` or apply again",
        ) from error


APPLY: tuple[Step[Job], ...] = (
    Step("look", look, nothing),
    Step("load asleep", load_asleep, unload),
    Step("read back", read_back, nothing),
    Step("prove asleep", prove_asleep, nothing),
    Step("prime", prime, nothing),
    Step("adopt connections", adopt_connections, nothing),
    Step("flip", flip, flip_back),
    Step("read back awake", read_awake, nothing),
)


def apply(
    runner: Runner,
    policy: Policy,
    rules: Ruleset,
    at: datetime,
    prime: float,
    told: Callable[[str], None] = nothing,
    *,
    proving: Proving = Proving.DEMANDED,
) -> Applied:
    """Bring a generation to a point. `prime` seconds are waited if it is the first one there; `told` hears each step.

    CannotApply: nothing was done. NotApplied: it was tried, and what was live before is live as it was.
    """
    job = Job(runner, policy, rules, at, prime, told, proving)
    try:
        run(APPLY, job, told)
    except (KernelError, RunnerError) as error:
        if job.touched:
            raise NotApplied(str(error), getattr(error, "help", "")) from error
        if isinstance(error, NoPrivilege | ToolMissing | RunnerError):
            raise
        raise CannotApply(str(error), getattr(error, "help", "")) from error
    return Applied(
        rules.point,
        runner.where,
        job.generation,
        job.slot,
        sum(len(made.elements) for made in rules.maps),
        job.wanted.digest() if job.wanted else "",
        job.first,
        prime if job.first else 0.0,
        len(job.adoption.numbered),
        job.adoption.lost,
        job.proof.found if job.proof else "",
        job.proof.told if job.proof else (),
    )


def roll_back(runner: Runner, *, to_nothing: bool = False) -> RolledBack:
    """Flip back to the generation that sleeps; with `to_nothing` and none there, ours goes to sleep."""
    slots = read_slots(runner)
    if slots.live is None or slots.live.generation is None:
        raise CannotApply(f"no generation of ours is live on {runner.where}", "`segctl apply` makes one live")
    if slots.sleeping is not None and slots.sleeping.generation is not None:
        nft.load(runner, render_flip(slots.sleeping.name, slots.sleeping.generation, slots.live.name))
        return RolledBack(runner.where, slots.live.generation, slots.sleeping.generation)
    if not to_nothing:
        raise CannotApply(
            f"generation {slots.live.generation} is the first on {runner.where}: there is none to go back to",
            "`--to-nothing` puts it to sleep, and nothing is enforced then",
        )
    nft.load(runner, render_sleep(slots.live.name))
    return RolledBack(runner.where, slots.live.generation, None)
