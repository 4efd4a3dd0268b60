"""Where the class product explodes, the diagrams take over by themselves, in bounded time, with the right answer."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from segctl.compile import compile_gateway, render_table
from segctl.listing import nft_text
from segctl.listing.rule import Listing
from segctl.load import load_site
from segctl.policy import Policy, examine
from segctl.prove import Found, Proof, TooLarge, TooManyClasses, prove
from segctl.prove.bdd.proof import compared
from tests.foreign import flat_list
from tests.kernel.test_prove import SITE
from tests.property.test_prove import AWAKE
from tests.strategies import AT

ORDERS = "ip saddr 10.91.1.0/24 ip daddr 10.91.2.7-10.91.2.9 tcp dport 5000-6000 drop"


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    folder = tmp_path_factory.mktemp("site")
    (folder / "segctl.yaml").write_text(SITE)
    site = load_site(folder).site
    assert site is not None
    policy = examine(site, AT).policy
    assert policy is not None
    return policy


def beside(policy: Policy, foreign: str) -> Listing:
    return nft_text.parse(render_table(compile_gateway(policy, "gw", AT), "segctl_a", 1, AT) + foreign)


def proof_of(policy: Policy, foreign: str) -> Proof:
    return prove(beside(policy, foreign), policy, policy.site.points["gw"], AT, awake=AWAKE)


def test_few_rules_are_for_the_classes(policy: Policy) -> None:
    assert (proof_of(policy, flat_list(5, 1)).engine, proof_of(policy, "").engine) == ("classes", "classes")


@pytest.mark.parametrize("seed", [1, 2])
def test_many_rules_are_for_the_diagrams(policy: Policy, seed: int) -> None:
    begin = time.process_time()
    proof = proof_of(policy, flat_list(500, seed))
    assert (proof.engine, proof.found) == ("bdd", Found.PROVEN)
    assert time.process_time() - begin < 60


def test_one_range_among_many_is_found(policy: Policy) -> None:
    proof = proof_of(policy, flat_list(500, 3, more=ORDERS))
    assert (proof.engine, proof.found) == ("bdd", Found.DIFFERENT)
    assert {(one.source, one.destination, one.does) for one in proof.differences} == {("web", "db", ("drop",))}
    new = next(one for one in proof.differences if one.packet.state == "new")
    assert (new.service, new.must) == ("tcp/5432", "pass")
    assert new.rule is not None and new.rule.text == ORDERS


def test_alone_the_classes_say_that_they_cannot(policy: Policy) -> None:
    with pytest.raises(TooManyClasses):
        prove(beside(policy, flat_list(500, 1)), policy, policy.site.points["gw"], AT, awake=AWAKE, engine="classes")


@pytest.mark.parametrize("nodes", [600, 20_000, 60_000])
def test_diagrams_that_do_not_suffice_are_an_answer(policy: Policy, nodes: int) -> None:
    with pytest.raises(TooLarge, match="too much apart") as told:
        compared(beside(policy, ""), policy, policy.site.points["gw"], AT, AWAKE, nodes)
    assert told.value.exit_code == 5


def test_without_the_library_it_is_said_what_to_install(tmp_path: Path) -> None:
    """In a Python of its own, that finds no oxidd."""
    (tmp_path / "segctl.yaml").write_text(SITE)
    (tmp_path / "oxidd.py").write_text("raise ModuleNotFoundError('No module named oxidd', name='oxidd')\n")
    listing = tmp_path / "rules.nft"
    listing.write_text(flat_list(500, 1))
    words = ["--site", str(tmp_path), "prove", "--file", str(listing)]
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from segctl.cli.main import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=Path.cwd())
    assert done.returncode == 5, done.stderr
    assert "pip install 'segctl[bdd]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.soak
def test_three_thousand_rules(policy: Policy) -> None:
    assert proof_of(policy, flat_list(3000, 4)).found is Found.PROVEN
    proof = proof_of(policy, flat_list(3000, 4, more=ORDERS))
    assert (proof.engine, proof.found) == ("bdd", Found.DIFFERENT)
