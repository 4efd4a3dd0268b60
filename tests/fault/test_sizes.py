"""No members at all, 20,000 elements and a million; nft and segctl killed in the middle of them; conntrack full."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest

from segctl.apply import apply as apply_rules
from segctl.apply.slots import SLOTS, read_slots
from segctl.apply.verify import held, meant
from segctl.model.generation import Loadable
from segctl.policy import Policy
from tests.fault import judge
from tests.fault.command import Act, At, called, command
from tests.fault.doings import DOINGS, other
from tests.fault.ground import UNLOOKED, Ground, digest
from tests.fault.lab import Lab
from tests.fault.lacking import script
from tests.fault.large import EMPTY, fill, large
from tests.fault.pool import runs
from tests.fault.record import Run, keep
from tests.fault.test_killed import NAMES_OF_APPLY, SEED
from tests.kernel.applied import compiled
from tests.kernel.wrapped import reading

pytestmark = pytest.mark.kernel
Done = Callable[[], None]
SMALL, MILLION = 20_000, 1_000_000
_KILLS_IT = (
    '"$real" "$@" < "$text" & it=$!; sleep {delay:.4f}; kill -9 $it 2>/dev/null && kill -9 $$; wait $it; exit $?'
)


def act(ground: Ground, site: tuple[Policy, Loadable]) -> Act:
    return called(lambda: apply_rules(ground.runner, *site, datetime.now(UTC), UNLOOKED))


def no_members(lab: Lab) -> None:
    ground = lab.prepared(DOINGS["apply"])
    ended = command(act(ground, compiled(EMPTY)))
    assert ended.code == 0 and is_live(ground, compiled(EMPTY)), ended
    after = command(ground.apply("old"))
    keep(Run("no members", "apply", "", "nothing but rules", "after", 0, next=after.code, good=after.code == 0))
    assert after.code == 0, after


def is_live(ground: Ground, site: tuple[Policy, Loadable]) -> bool:
    """Its rules and elements, whole."""
    live = read_slots(ground.runner).live
    return live is not None and digest(held(ground.runner, live.name)) == whole(site)


_WHOLE: dict[int, str] = {}


def whole(site: tuple[Policy, Loadable]) -> str:
    key = id(site[1])
    if key not in _WHOLE:
        _WHOLE[key] = digest(meant(site[1], SLOTS[0], 1, datetime.now(UTC)))
    return _WHOLE[key]


def killed_among_many(lab: Lab, elements: int, times: int) -> None:
    """Of segctl, at random instants of the loading; of nft, at random instants of each text that it is given."""
    sites = {name: large(elements, name) for name in ("one", "two")}
    ground = lab.ground(f"large {elements}")
    typed = partial(command, longest=60 + elements / 2_000)  # ten minutes for a million, beside other work
    first = typed(act(ground, sites["one"]))
    assert first.code == 0, first
    took = [b - a for a, b in zip(first.times, first.times[1:], strict=False)][NAMES_OF_APPLY.index("load asleep")]
    rng = random.Random(f"{SEED} {elements}")
    live = "one"
    for number in range(times):
        for kind in ("segctl killed", "nft killed"):
            new = "two" if live == "one" else "one"
            run = Run(f"{kind}, {sites[new][1].count():,} elements", "apply", "load asleep")
            if kind == "segctl killed":
                later = rng.uniform(0, took)
                ended = typed(act(ground, sites[new]), at=At(NAMES_OF_APPLY.index("load asleep"), later))
            else:
                later = rng.uniform(0, 0.05)
                text = reading(lab.folder, _KILLS_IT.format(delay=later))
                ended = typed(act(ground, sites[new]), script(lab.folder / f"kills{elements}-{number}", "nft", text))
                judge.no_surprise(ended)
            run.code, run.more = ended.code, {"later": later}
            live = new if ended.code == 0 else live
            assert is_live(ground, sites[live]), ended
            run.side = "after" if ended.code == 0 else "before"
            again = typed(act(ground, sites[new]))
            assert again.code == 0 and is_live(ground, sites[new]), again
            live, run.next, run.good = new, again.code, True
            keep(run)
    ground.end()


def conntrack_full(lab: Lab) -> None:
    """Whatever is tracked or not: all that changes the rules works, and status says how full it is."""
    for name in ("apply", "first apply", "rollback", "quarantine", "boot"):
        doing = DOINGS[name]
        ground = lab.prepared(doing)
        ground.nft("table inet theirs { chain c { type filter hook output priority 0; ct state new accept; }; }")
        count, most = fill(ground.runner)
        assert count >= most * 0.99, (count, most)
        ended = command(doing.act(ground))
        assert ended.code == 0, ended
        seen, side = judge.side(doing, ground)
        status = command(ground.typed("status"))
        assert side == "after" and status.code == 0 and f" of {most} connections" in status.out, status
        after = command(ground.apply(other(ground.base)))
        assert after.code == 0, after
        keep(Run("conntrack full", name, f"{count} of {most}", str(seen), side, 0, next=0, good=True))
        ground.begin()


@runs(no_members)
def test_no_members(done: Done) -> None:
    done()


@runs(killed_among_many)
@pytest.mark.parametrize(("elements", "times"), [(SMALL, 2)])
def test_killed_among_twenty_thousand(done: Done, elements: int, times: int) -> None:
    done()


@runs(killed_among_many)
@pytest.mark.soak
@pytest.mark.parametrize(("elements", "times"), [(SMALL, 20)])
def test_killed_among_twenty_thousand_often(done: Done, elements: int, times: int) -> None:
    done()


@runs(killed_among_many)
@pytest.mark.soak_long
@pytest.mark.parametrize(("elements", "times"), [(MILLION, 5)])
def test_killed_among_a_million(done: Done, elements: int, times: int) -> None:
    done()


@runs(conntrack_full)
@pytest.mark.soak
def test_conntrack_full(done: Done) -> None:
    done()
