"""What is done to a point, act by act, and the lists of them: each with its name and its undoing."""

import time
from contextlib import suppress
from dataclasses import replace

from segctl.apply import hold
from segctl.apply.confirm import demand_guarded, demand_settled, dismiss, post_guard
from segctl.apply.fitness import demand_fit
from segctl.apply.flip import flip as wake
from segctl.apply.flip import put_to_sleep
from segctl.apply.hits import put_by
from segctl.apply.hold import as_meant
from segctl.apply.job import Job, Proving
from segctl.apply.lineage import demand_descent
from segctl.apply.lockout import demand_management, demand_way_in
from segctl.apply.priming import adopt, would_cut
from segctl.apply.proving import Shown, as_awake, shown, still
from segctl.apply.reading import read_listing
from segctl.apply.result import CannotApply, Lost, NotApplied, Unsettled
from segctl.apply.slots import awake, delete_empty, delete_slot, read_slots
from segctl.apply.step import Step, nothing
from segctl.apply.surroundings import concerns, refuse
from segctl.apply.surroundings import look_around as surroundings
from segctl.apply.verify import differences, held, meant, numbered
from segctl.kernel import conntrack, netlink, nft, parts
from segctl.kernel.errors import KernelError, KernelRefused, MessageTooLong
from segctl.kernel.structure import for_slot
from segctl.kernel.tables import generation
from segctl.kernel.tools import run_tool
from segctl.model.moment import milliseconds
from segctl.runner import RunnerError
from segctl.store import About, Kept, Standing, StoreError
from segctl.store.origin import who

_TICK = 0.1


def look(job: Job) -> None:
    """Which slot is free, and that nft takes the rules at all: before anything is touched."""
    delete_empty(job.runner)
    job.slots = read_slots(job.runner)
    if job.slots.live is not None and job.slots.live.generation is None:
        name = job.slots.live.name
        raise CannotApply(
            f"{name} is awake on {job.runner.where}, but says no generation: somebody else changed our table",
            f"if its rules are still ours, `nft add chain inet {name} gen_00000001` numbers it; else delete it",
        )
    demand_settled(job.standing, job.runner)
    if job.first and job.policy is not None:
        run_tool(job.runner, ["conntrack", "--version"], "looking for conntrack")  # needed once all is loaded
    with suppress(MessageTooLong):  # who isn't root sends it in parts; `meant` tries them in a scratch namespace
        nft.check(job.runner, for_slot(job.rules.structure, "segctl_check", job.ticket))
    job.wanted = meant(job.loaded, job.slot, job.ticket, job.at)


def demand_fitness(job: Job) -> None:
    """The kernel and nft do what our rules rely on."""
    demand_fit(job.state)


def look_around(job: Job) -> None:
    """Nothing that others have there breaks our rules, or is broken by them. What only bears on them is told."""
    if job.policy is not None:
        job.concerns = concerns(job.runner, job.policy, job.rules.point)
    else:
        job.concerns = surroundings(job.runner).concerns()
    refuse(job.concerns, job.runner.where)
    for concern in job.concerns:
        job.told(f"{concern.level}: {concern.what}")


def demand_lineage(job: Job) -> None:
    """The new site descends from the one that is live, or somebody gave a reason."""
    if not job.wish.replace and job.number is None:
        demand_descent(job.runner, job.state, job.slots, job.source, job.rules.point)


def demand_entry(job: Job) -> None:
    """Who manages the point now gets in under the new rules, too."""
    if job.policy is not None:
        demand_management(job.runner, job.policy, job.rules.point, job.at)


def keep(job: Job) -> None:
    """The generation on disk, before the kernel is touched: whatever happens then, it is known what it means."""
    job.begun = True
    job.state.journal.write(job.doing, "begun", **about_job(job))
    if job.number is not None:
        return
    about = About(
        number=job.generation,
        point=job.rules.point,
        site=job.source.site,
        source=job.source.digest,
        commit=job.source.commit,
        made=milliseconds(job.at),
        who=who(),
        digest=job.wanted.digest() if job.wanted else "",
        elements=job.rules.count(),
        why=job.wish.replace or job.wish.despite,
    )
    job.number = job.generation
    job.about = about
    job.state.generations.keep(Kept(about, job.rules, job.source.files))


def write_down(job: Job) -> None:
    """That it was begun; what can't be written keeps nobody from loading what can be read."""
    job.begun = True
    with suppress(StoreError):
        job.state.journal.write(job.doing, "begun", **about_job(job))


def about_job(job: Job) -> dict[str, object]:
    """What the journal says of a change."""
    commit = job.source.commit
    return {
        "generation": job.generation,
        "site": job.source.site,
        "source": job.source.digest,
        "commit": commit.name + (" and changes that are not committed" if commit.dirty else ""),
        "replace": job.wish.replace,
        "despite": job.wish.despite,
        "unproven": job.wish.proving is not Proving.DEMANDED or None,
    }


def forget(job: Job) -> None:
    """It was never live; what is live all the same, or is to be loaded at boot, must stay known."""
    if job.about is None or job.flipped:
        return
    with suppress(StoreError):
        standing = job.state.standing()
        if standing.confirmed != job.about.number:
            job.state.generations.forget(job.about.number)


def load_asleep(job: Job) -> None:
    """The new generation into the slot that isn't live: nobody notices, however long it takes."""
    job.touched = True
    put_by(job.runner, job.state, job.slot)
    delete_slot(job.runner, job.slot)
    parts.load_asleep(job.runner, for_slot(job.rules.structure, job.slot, job.ticket))
    netlink.add(job.runner, job.slot, (one.at(milliseconds(job.at)) for one in job.loaded.elements))


def unload(job: Job) -> None:
    """Take the sleeping slot away again, unless it is the live one by now. Nobody meets it, so a failure is no matter:
    the next one takes it away.
    """
    with suppress(CannotApply, NotApplied, KernelError, RunnerError):
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
    if job.wish.proving is Proving.LEFT_OUT or job.policy is None:
        return
    job.proof = shown(job.runner, job.policy, job.rules.point, job.at, job.slot, job.overrides)
    _note_proof(job)
    if not job.proof.proven and job.wish.proving is Proving.DEMANDED:
        raise NotApplied(
            f"what sleeps in {job.slot} on {job.runner.where} is {job.proof.found}: {'; '.join(job.proof.told)}",
            "`segctl prove` tells all of it; --unproven wakes it nevertheless",
        )


def demand_planned(job: Job) -> None:
    """The live state is still the one that was planned on: nothing in nf_tables has changed since."""
    plan = job.plan
    assert plan is not None
    live = job.slots.live.generation if job.slots.live else None
    if (live, job.slot) != (plan.live, plan.slot) or generation(job.runner) != plan.changes:
        if job.runner.where != plan.where:
            raise CannotApply(
                f"this plan was made for point '{job.rules.point}' on {plan.where}, and this is {job.runner.where}",
                "--netns NAME says where it is carried out; without it, it is this host",
            )
        raise CannotApply(
            f"something has changed on {job.runner.where} since this was planned",
            "`segctl plan` again, and look at what it says now",
        )
    if live is not None and job.slots.live is not None and held(job.runner, job.slots.live.name).digest() != plan.held:
        raise CannotApply(f"the rules on {job.runner.where} aren't those that were planned on", "`segctl plan` again")


def demand_proven(job: Job) -> None:
    """What sleeps there, among all that others hold, is what the plan's proof was about; who manages gets in by it."""
    assert job.plan is not None
    listing = as_meant(read_listing(job.runner), job.overrides, milliseconds(job.at))
    if as_awake(listing, job.slot) != job.plan.read:
        raise NotApplied(f"what sleeps in {job.slot} on {job.runner.where} isn't what was proven for this plan")
    job.proof = Shown(job.plan.found, (), job.plan.read)
    _note_proof(job)
    if not job.proof.proven and job.wish.proving is Proving.DEMANDED:
        raise NotApplied(f"this plan is {job.proof.found}", "--unproven wakes it nevertheless")
    demand_way_in(job.runner, listing, job.slot)


def _note_proof(job: Job) -> None:
    if job.about is not None and job.proof is not None:
        job.about = replace(job.about, proof=job.proof.found)
        job.state.generations.note(job.about)


def prime(job: Job) -> None:
    """Wait until connections in use are tracked: a sleeping table already makes the kernel do that."""
    if not job.first or not job.wish.prime:
        return
    end = time.monotonic() + job.wish.prime
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(_TICK, left))


def adopt_connections(job: Job) -> None:
    """Give every tracked connection the number of the line that allows it, before the first flip."""
    if job.first and job.policy is not None:
        job.adoption = adopt(job.runner, job.policy, job.rules, job.at)
        conntrack.set_marks(job.runner, job.adoption.numbered)


def hold_what_is_held(job: Job) -> None:
    """What the overrides say is held, also where a reboot or a flush took it away; what more is held, stays so far."""
    hold.sync(job.runner, job.rules.side, job.overrides, milliseconds(job.at), only_more=True)


def let_go(job: Job) -> None:
    """What nobody holds any more: what was shut as no rules could be loaded is open again, now that there are some."""
    hold.sync(job.runner, job.rules.side, job.overrides, milliseconds(job.at))


def flip(job: Job) -> None:
    """One transaction wakes the new generation, numbers it, and puts the old one to sleep."""
    old = job.slots.live.name if job.slots.live else None
    job.flipped = True
    try:
        wake(job.runner, job.state, job.slot, job.generation, old, job.ticket)
    except KernelRefused:  # whole or nothing: what may be awake in that slot now is somebody else's
        job.flipped = False
        raise
    if job.wanted is not None:
        job.wanted = numbered(job.wanted, job.ticket, job.generation)


def read_awake(job: Job) -> None:
    """What is awake is what was meant, and what was proven, with all that others hold; and nothing else of ours."""
    if (now := awake(job.runner)) != (job.slot,):
        told = " and ".join(now) or "nothing of ours"
        raise NotApplied(f"awake on {job.runner.where}: {told}, not {job.slot} alone: somebody else changes our tables")
    read_back(job)
    if job.proof is not None:
        still(job.runner, job.slot, job.proof, job.overrides, job.at)


def record(job: Job) -> None:
    """From now on it is loaded at boot, unless it waits for its confirmation."""
    if job.wish.confirm is not None:
        demand_guarded(job)
        return
    before = job.slots.live.generation if job.slots.live else None
    job.state.stand(Standing(job.generation))
    with suppress(StoreError):  # an old one too many harms nobody
        job.state.generations.prune({job.generation, *([before] if before else [])})


def unrecord(job: Job) -> None:
    """As it stood."""
    job.state.put_back(job.found)


def tidy(job: Job) -> None:
    """Connections that nothing allows any more are forgotten: none of their packets passes since the flip."""
    if job.policy is None:
        return
    with suppress(KernelError, RunnerError):  # it is live, and right without that
        lost = would_cut(job.runner, job.policy, job.rules, job.at)
        conntrack.delete(job.runner, lost)
        job.ended = tuple(Lost(str(one)) for one in lost)


def flip_back(job: Job) -> None:
    """The same backwards; without an old generation ours goes to sleep."""
    if not job.flipped:
        return
    old = job.slots.live
    try:
        if job.slot in awake(job.runner):
            if old is None or old.generation is None:
                put_to_sleep(job.runner, job.slot)
            else:
                wake(job.runner, job.state, old.name, old.generation, job.slot)
        job.flipped = False
    except (KernelError, RunnerError) as error:
        raise Unsettled(
            f"generation {job.generation} failed, but is live on {job.runner.where}: it can't be taken back: {error}",
            "look at our tables (`nft list ruleset`), then `segctl rollback` or apply again",
        ) from error


BOOT: tuple[Step[Job], ...] = (
    Step("look", look, nothing),
    Step("write down", write_down, nothing),
    Step("load asleep", load_asleep, unload),
    Step("read back", read_back, nothing),
    Step("hold", hold_what_is_held, nothing),
    Step("flip", flip, flip_back),
    Step("let go", let_go, nothing),
    Step("read back awake", read_awake, nothing),
)
"""What needs no site: nothing is managed, tracked or confirmed yet."""

PLANNED: tuple[Step[Job], ...] = (
    Step("demand fitness", demand_fitness, nothing),
    Step("look", look, nothing),
    Step("demand planned", demand_planned, nothing),
    Step("look around", look_around, nothing),
    Step("keep", keep, forget),
    Step("load asleep", load_asleep, unload),
    Step("read back", read_back, nothing),
    Step("hold", hold_what_is_held, nothing),
    Step("demand proven", demand_proven, nothing),
    Step("post guard", post_guard, dismiss),
    Step("flip", flip, flip_back),
    Step("let go", let_go, nothing),
    Step("read back awake", read_awake, nothing),
    Step("record", record, unrecord),
)
"""As APPLY, with no site at hand: what it would say was said when the plan was made, and is compared."""

APPLY: tuple[Step[Job], ...] = (
    Step("demand fitness", demand_fitness, nothing),
    Step("look", look, nothing),
    Step("look around", look_around, nothing),
    Step("demand lineage", demand_lineage, nothing),
    Step("demand entry", demand_entry, nothing),
    Step("keep", keep, forget),
    Step("load asleep", load_asleep, unload),
    Step("read back", read_back, nothing),
    Step("hold", hold_what_is_held, nothing),
    Step("prove asleep", prove_asleep, nothing),
    Step("prime", prime, nothing),
    Step("adopt connections", adopt_connections, nothing),
    Step("post guard", post_guard, dismiss),
    Step("flip", flip, flip_back),
    Step("let go", let_go, nothing),
    Step("read back awake", read_awake, nothing),
    Step("record", record, unrecord),
    Step("tidy", tidy, nothing),
)
