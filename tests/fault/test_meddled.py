"""Another tool flushes the ruleset or edits our tables while we work: since the plan, asleep, after the flip.

Whatever it does is its own doing; ours is that nothing is called live that isn't, that what can be put back is, and
that the next command works.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.fault import judge
from tests.fault.command import Steps, command
from tests.fault.doings import CLOSED, DOINGS, NONE, other
from tests.fault.ground import NOTHING
from tests.fault.lab import Lab
from tests.fault.pool import runs
from tests.fault.record import Run, keep

pytestmark = pytest.mark.kernel
Done = Callable[[], None]
FLUSH = "flush ruleset"
ASLEEP = "insert rule inet {free} forward accept"
AWAKE = "insert rule inet {live} forward accept"


@dataclass(frozen=True)
class Case:
    """What is done by somebody else just before a step of ours. `live`: the site that is live then, "base" or "other";
    `held`: what is held. `fails`: with which code, 0 if ours goes well all the same.
    """

    doing: str
    step: str
    edit: str
    code: int
    live: str
    held: frozenset[str] = field(default=NONE)


CASES = (
    Case("apply", "load asleep", FLUSH, 0, "other"),
    Case("apply", "read back", FLUSH, 5, NOTHING),
    Case("apply", "read back", ASLEEP, 4, "base"),
    Case("apply", "flip", FLUSH, 5, NOTHING),
    Case("apply", "flip", ASLEEP, 4, "base"),
    Case("apply", "flip", "delete table inet {free}", 4, "base"),
    Case("apply", "flip", "delete table inet {live}", 0, "other"),
    Case("apply", "flip", "add table inet {live} {{ flags dormant; }}", 0, "other"),
    Case("apply", "read back awake", FLUSH, 5, NOTHING),
    Case("apply", "read back awake", ASLEEP, 4, "base"),
    Case("apply", "read back awake", "add table inet {live}", 4, "base"),
    Case("first apply", "flip", FLUSH, 4, NOTHING),
    Case("first apply", "read back awake", FLUSH, 4, NOTHING),
    Case("rollback", "flip", FLUSH, 5, NOTHING),
    Case("rollback", "flip", "delete table inet {free}", 4, "base"),
    Case("rollback", "read back awake", FLUSH, 5, NOTHING),
    Case("rollback", "read back awake", "add table inet {live}", 4, "base"),
    Case("quarantine", "hold", FLUSH, 0, NOTHING, frozenset({"0a600109"})),
    Case("release", "hold", FLUSH, 0, NOTHING),
    Case("panic", "hold", FLUSH, 0, NOTHING, CLOSED),
    Case("boot", "flip", FLUSH, 4, NOTHING, CLOSED),
    Case("boot", "read back awake", FLUSH, 4, NOTHING, CLOSED),
    Case("boot", "read back awake", "insert rule inet segctl_a forward accept", 4, NOTHING, CLOSED),
    Case("remove, open", "take away", FLUSH, 0, NOTHING),
    Case("remove, closed", "take away", FLUSH, 0, NOTHING),
)


def meddled(lab: Lab, case: Case) -> None:
    doing = DOINGS[case.doing]
    ground = lab.prepared(doing)
    free, live = ground.slots()
    names = {"free": free, "live": live}

    def before(at: int, step: str) -> None:
        if step == case.step:
            ground.nft(case.edit.format(**names))

    run = Run("somebody else edits", doing.name, f"before `{case.step}`: {case.edit}")
    ended = command(doing.act(ground), steps=Steps(before))
    judge.no_surprise(ended)
    run.code, run.said = ended.code, ended.err.splitlines()[0] if ended.err else ""
    seen = ground.seen()
    run.found = str(seen)
    wanted = {"base": ground.base, "other": other(ground.base)}.get(case.live, case.live)
    assert (ended.code, seen.live, seen.held) == (case.code, wanted, case.held), (ended, seen)
    if seen.number is not None:
        assert ground.kept(seen.number) == seen.live
    status = command(ground.typed("status"))
    assert status.code == 0, status
    after = command(ground.apply("old"))
    assert after.code == 0 and ground.seen().live == "old", after
    run.next, run.good = after.code, True
    keep(run)


def since_planned(lab: Lab, edit: str) -> None:
    """A plan is carried out only on the state that it was made on."""
    ground = lab.prepared(DOINGS["apply"])
    site = other(ground.base)
    carried = ground.planned(site)
    live = ground.slots()[1]
    ground.nft(edit.format(live=live))
    run = Run("somebody else edits", "apply PLAN", f"since it was planned: {edit}")
    before = ground.seen()
    ended = command(ground.carried_out(carried))
    judge.no_surprise(ended)
    assert ended.code == 3, ended
    assert "since this was planned" in ended.err or "says no generation" in ended.err, ended
    assert ground.seen() == before
    run.code, run.said, run.found = ended.code, ended.err.splitlines()[0], str(before)
    again = command(ground.apply(site))
    assert again.code == 0 and ground.seen().live == site, again
    run.next, run.good = again.code, True
    keep(run)
    ground.begin()


@runs(meddled)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.doing}, before {case.step}: {case.edit}")
def test_somebody_else(done: Done, case: Case) -> None:
    done()


@runs(since_planned)
@pytest.mark.parametrize("edit", [FLUSH, AWAKE, "add table inet theirs", "delete table inet {live}"])
def test_since_it_was_planned(done: Done, edit: str) -> None:
    done()
