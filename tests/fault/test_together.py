"""Two at once, each at every step of the other; and a site that is changed on disk while it is applied."""

import pickle
from collections.abc import Callable

import pytest

import segctl.compile
from tests.fault import judge
from tests.fault.command import Act, Ended, Fault, Steps, command, typed
from tests.fault.doings import DOINGS, other
from tests.fault.ground import TEXTS, Ground
from tests.fault.lab import Lab
from tests.fault.pool import runs
from tests.fault.record import Run, keep

pytestmark = pytest.mark.kernel
Done = Callable[[], None]
SECONDS: dict[str, Callable[[Ground], Act]] = {
    "apply": lambda ground: ground.apply(ground.base),
    "rollback": lambda ground: ground.typed("rollback"),
    "remove": lambda ground: ground.typed("remove", "--leave", "open"),
}
FIRSTS = ("apply", "quarantine")


def two_at_once(lab: Lab, first: str, second: str) -> None:
    """The second is told who is first, at once or once it has waited, and nothing of it is done."""
    doing = DOINGS[first]
    told = lab.folder / "second"
    for at in (len(doing.steps) // 2,):
        ground = lab.prepared(doing)

        def meanwhile(now: int, step: str, at: int = at, ground: Ground = ground) -> None:
            if now == at:
                ended = command(SECONDS[second](ground))
                told.write_bytes(pickle.dumps(ended))

        ended = command(doing.act(ground), steps=Steps(meanwhile))
        assert ended.code == 0, ended
        answer: Ended = pickle.loads(told.read_bytes())
        judge.no_surprise(answer)
        assert answer.code == 3 and "is changing this point" in answer.err, answer
        assert f"`segctl {first}" in answer.err, answer
        seen, side = judge.side(doing, ground)
        assert side == "after"
        run = Run("two at once", first, f"{second}, at `{doing.steps[at].name}`", str(seen), side, answer.code)
        run.said = answer.err.splitlines()[0]
        run.next = command(ground.apply("old")).code
        assert run.next == 0
        run.good = True
        keep(run)


def site_changes(lab: Lab, when: str) -> None:
    """What is applied is what was read, whole; or, where that is too late to know, nothing."""
    doing = DOINGS["apply"]
    ground = lab.prepared(doing)
    site = lab.folder / "site"
    site.mkdir(exist_ok=True)
    text = f"version: 1\nsite: test\n{TEXTS[other(ground.base)]}"
    (site / "segctl.yaml").write_text(text)

    def change() -> None:
        (site / "segctl.yaml").write_text(text.replace("udp/8", "udp/9"))

    words = ("--quiet", "--site", str(site), "apply", "--netns", ground.runner.name)
    run = Run("site changed while it is applied", "apply", when)
    if when == "as it is compiled":
        ended = command(typed(*words), as_it_is_compiled(change))
        assert ended.code == 2 and "changed" in ended.err, ended
    else:
        ended = command(typed(*words), steps=Steps(lambda at, step: change() if step == "load asleep" else None))
        assert ended.code == 0, ended
    seen, run.side = judge.side(doing, ground)
    assert run.side == ("before" if ended.code else "after")
    run.code, run.found, run.said = ended.code, str(seen), ended.err.splitlines()[0] if ended.err else ""
    (site / "segctl.yaml").write_text(text)
    again = command(typed(*words))
    assert again.code == 0 and ground.seen().live == other(ground.base), again
    run.next, run.good = again.code, True
    keep(run)


def as_it_is_compiled(change: Callable[[], None]) -> Fault:
    """It is read by then, and not yet kept."""

    def put() -> None:
        right = segctl.compile.loadable

        def loadable(*words: object) -> object:
            change()
            return right(*words)  # type: ignore[arg-type]

        vars(segctl.compile)["loadable"] = loadable

    return put


@runs(two_at_once)
@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("first", FIRSTS)
def test_two_at_once(done: Done, first: str, second: str) -> None:
    done()


@runs(site_changes)
@pytest.mark.parametrize("when", ["as it is compiled", "as it is loaded"])
def test_site_changed(done: Done, when: str) -> None:
    done()
