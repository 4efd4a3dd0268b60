"""A change from its beginning to its end: one at a time, written down, whole or taken back."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from segctl.apply.alone import alone
from segctl.apply.job import Job, Wish
from segctl.apply.keeping import Reread, kept_over
from segctl.apply.overlay import overlay
from segctl.apply.plan import Carried, demand_follows
from segctl.apply.result import Applied, CannotApply, NotApplied
from segctl.apply.slots import demand_back
from segctl.apply.step import Step, nothing, run
from segctl.apply.steps import APPLY, PLANNED, about_job
from segctl.kernel.errors import KernelError, NoPrivilege, ToolMissing
from segctl.model.generation import Loadable
from segctl.model.moment import milliseconds
from segctl.policy import Policy
from segctl.runner import Runner, RunnerError
from segctl.store import Source, StoreError


def apply(
    runner: Runner,
    policy: Policy,
    rules: Loadable,
    at: datetime,
    wish: Wish,
    source: Source | None = None,
    told: Callable[[str], None] = nothing,
    reread: Reread | None = None,
) -> Applied:
    """Bring a generation to a point; `told` hears each step. `reread`: for connections that are kept.

    CannotApply, StoreError: nothing was done. NotApplied: it was tried, and what was live before is live as it was.
    """
    with alone(runner, "apply") as state:
        rules = kept_over(runner, state, policy, rules, reread)
        meaning = overlay(rules.side, state.overrides.active(milliseconds(at))).over(policy)
        job = Job(runner, meaning, rules, at, wish, state, source or Source(policy.site.name), told)
        carry_out(job)
    return applied(job)


def apply_plan(
    runner: Runner, carried: Carried, at: datetime, wish: Wish, told: Callable[[str], None] = nothing
) -> Applied:
    """Carry out a plan, if the live state is still the one that it was made on. As `apply` raises.

    No site is read: what is loaded is what the plan says and what was proven then.
    """
    demand_follows(carried)
    with alone(runner, "apply of a plan") as state:
        job = Job(runner, None, carried.rules, at, wish, state, carried.source, told, plan=carried.planned)
        carry_out(job, PLANNED)
    return applied(job)


def applied(job: Job) -> Applied:
    """What a change came to that went through."""
    return Applied(
        job.rules.point,
        job.runner.where,
        job.generation,
        job.slot,
        job.rules.count(),
        job.wanted.digest() if job.wanted else "",
        job.first,
        job.wish.prime if job.first else 0.0,
        len(job.adoption.numbered),
        (*job.adoption.lost, *job.ended),
        job.proof.found if job.proof else "",
        job.proof.told if job.proof else (),
        job.concerns,
    )


def carry_out(job: Job, steps: Sequence[Step[Job]] = APPLY) -> None:
    """The steps, written down at both ends. What they raise, as `apply` says."""
    try:
        run(steps, job, job.told)
    except BaseException as error:
        if job.begun:
            with suppress(StoreError):
                job.state.journal.write(job.doing, "failed", generation=job.generation, why=str(error))
        if isinstance(error, KernelError | RunnerError | StoreError | NotApplied) and job.touched:
            demand_back(job.runner, job.slots, error)
        if not isinstance(error, KernelError | RunnerError | StoreError):
            raise
        if job.touched:
            raise NotApplied(str(error), getattr(error, "help", "")) from error
        if isinstance(error, NoPrivilege | ToolMissing | RunnerError | StoreError):
            raise
        raise CannotApply(str(error), getattr(error, "help", "")) from error
    with suppress(StoreError):  # it is live, and says so itself
        job.state.journal.write(job.doing, "done", **about_job(job), proof=job.proof.found if job.proof else "")
