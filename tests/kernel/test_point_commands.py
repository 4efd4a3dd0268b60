"""compile, apply and rollback as their user types them: what they answer, and with which exit code."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import MakeNamespace
from tests.kernel.applied import OLD
from tests.sites import EXAMPLES

SHOP = EXAMPLES / "shop" / "site"

pytestmark = pytest.mark.kernel


def segctl(*words: str, site: Path = SHOP) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "segctl", "-q", "--site", str(site), *words]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A site whose proof takes no time: what is looked at is what commands answer."""
    (tmp_path / "segctl.yaml").write_text(f"version: 1\nsite: small\n{OLD}")
    return tmp_path


def rules(namespace: str) -> str:
    done = subprocess.run(
        ["ip", "netns", "exec", namespace, "nft", "list", "ruleset"], capture_output=True, text=True, check=True
    )
    return re.sub(r"expires \S+", "", done.stdout)


def test_compile_prints_what_nft_takes(namespace: MakeNamespace) -> None:
    done = segctl("compile", "--point", "gw1")
    assert done.returncode == 0
    subprocess.run(
        ["ip", "netns", "exec", namespace(), "nft", "-c", "-f", "-"], input=done.stdout, text=True, check=True
    )


def test_compile_says_what_each_number_stands_for() -> None:
    answer = json.loads(segctl("compile", "--format", "json").stdout)
    assert answer["schema"] == "segctl/compile/1"
    kinds = {meaning["kind"] for meaning in answer["numbers"].values()}
    assert kinds == {"management", "essential", "flow", "intra", "default", "observe"}


def test_apply_and_back_again(namespace: MakeNamespace, small: Path) -> None:
    place = namespace()
    first = segctl("apply", "--netns", place, "--prime", "0", site=small)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith(f"generation 1 is live on namespace {place}: ")
    second = json.loads(segctl("apply", "--netns", place, "--format", "json", site=small).stdout)
    assert (second["generation"], second["slot"], second["first"]) == (2, "segctl_b", False)
    back = segctl("rollback", "--netns", place, site=small)
    assert back.stdout == f"generation 1 is live on namespace {place} again; 2 sleeps\n"
    third = json.loads(segctl("apply", "--netns", place, "--format", "json", site=small).stdout)
    assert (third["generation"], third["slot"]) == (3, "segctl_b")


def test_there_is_nothing_before_the_first(namespace: MakeNamespace, small: Path) -> None:
    place = namespace()
    assert segctl("rollback", "--netns", place, site=small).returncode == 3
    segctl("apply", "--netns", place, "--prime", "0", site=small)
    refused = segctl("rollback", "--netns", place, site=small)
    assert refused.returncode == 3
    assert "--to-nothing" in refused.stderr
    assert segctl("rollback", "--netns", place, "--to-nothing", site=small).returncode == 0
    assert "flags dormant" in rules(place)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("apply", "--netns", "segt-no-such", "--prime", "0"), 3, "segt-no-such"),
        (("apply", "--netns", "../up"), 2, "no name of a namespace"),
        (("apply", "--point", "gw9"), 2, "gw1"),
        (("apply", "--prime", "-1"), 2, "prime"),
        (("compile", "--at", "yesterday"), 2, "yesterday"),
    ],
)
def test_wrong_words_are_told(words: tuple[str, ...], code: int, says: str) -> None:
    done = segctl(*words)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_site_changes_nothing(namespace: MakeNamespace, small: Path) -> None:
    place = namespace()
    assert segctl("apply", "--netns", place, "--prime", "0", site=small).returncode == 0
    before = rules(place)
    (small / "segctl.yaml").write_text("version: 1\nsite: x\nsegments: {a: {members: 10.0.0.1/24}}\n")
    done = segctl("apply", "--netns", place, site=small)
    assert done.returncode == 2
    assert "segctl.yaml:3:" in done.stderr
    assert rules(place) == before
