"""plan as it is typed: it names what `apply` would refuse, and saves only what can be carried out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from segctl.cli.main import run
from segctl.store import Pending, Standing, state_of
from segctl.store.state import root
from tests.conftest import MakeNamespace
from tests.kernel.applied import NEW, OLD, Place

pytestmark = pytest.mark.kernel
Typed = Callable[..., tuple[int, str, str]]
EXPECT = "expect:\n  - {from: b, to: a, services: [tcp/81], is: allowed}\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "segctl.yaml"
    path.write_text(f"version: 1\nsite: plans\n{OLD}")
    return path


@pytest.fixture
def typed(site: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """A command's exit code, what it answered and what it said beside that."""

    def run_(*words: str) -> tuple[int, str, str]:
        code = run(["--site", str(site), *words])
        return code, *capsys.readouterr()

    return run_


def test_what_is_saved_can_be_carried_out_there_and_nowhere_else(
    namespace: MakeNamespace, typed: Typed, site: Path, tmp_path: Path
) -> None:
    here, there = Place(namespace()), Place(namespace())
    on, saved = ("--netns", here.runner.name), tmp_path / "next.plan"
    code, _, said = typed("plan", "--out", str(saved), *on)
    assert code == 3 and "plans carry what follows" in said and not saved.exists()
    assert typed("apply", "--prime", "0", *on)[0] == 0
    site.write_text(f"version: 1\nsite: plans\n{NEW}")
    code, _, said = typed("plan", "--out", str(saved), *on)
    assert code == 0 and f"saved: {saved}; `segctl apply {saved} --netns {on[1]}` carries it out" in said
    code, _, said = typed("apply", str(saved), "--netns", there.runner.name)
    assert code == 3 and f"was made for point 'gw' on {here.runner.where}, and this is {there.runner.where}" in said
    assert typed("apply", str(saved), *on)[0] == 0


def test_what_apply_refuses_plan_names(namespace: MakeNamespace, typed: Typed, site: Path) -> None:
    place = Place(namespace())
    on = "--netns", place.runner.name

    def refused(*words: str) -> str:
        code, answer, _ = typed("plan", *words, *on)
        found = [line for line in answer.splitlines() if line.startswith("APPLY REFUSES: ")]
        assert code == (3 if found else 0)
        return "; ".join(found)

    assert typed("apply", "--prime", "0", *on)[0] == 0
    with state_of(place.runner) as state:
        assert state
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        state.stand(Standing(None, Pending(1, None, 1 << 50, boot)))
    place.nft("table ip theirs { chain c { type filter hook forward priority -500; policy drop; }; }")
    sound = site.read_text()
    site.write_text(sound + EXPECT)
    found = refused()
    assert "generation 1 on" in found and "waits for its confirmation" in found
    assert "it isn't proven: different (--unproven" in found and "`segctl check` fails: expect at" in found
    place.nft("delete table ip theirs")
    site.write_text(sound)
    (root() / place.runner.key / "standing").write_bytes(b"damaged")
    assert "--replace REASON" in refused() and refused("--replace") == ""
