"""Pairs that are looked at once for all: what tells one of them from the others must not be overlooked."""

import pytest

from segctl.compile import compile_gateway, render_table
from segctl.listing import nft_text
from segctl.policy import Policy
from segctl.prove import Found, Proof, bundle, prove
from tests.sites import AT, meant, site

AWAKE = {("inet", "segctl_a"): True}
PAIRS = range(4)
SITE = "\n".join(
    [
        "segments:",
        *(f"  a{n}: {{strictness: strict, members: [10.92.1.{16 * n + 16}/28]}}" for n in PAIRS),
        *(f"  b{n}: {{strictness: strict, members: [10.92.2.{16 * n + 16}/28]}}" for n in PAIRS),
        "flows:",
        *(f'  - {{name: f{n}, from: a{n}, to: b{n}, services: [tcp/{5000 + n}], why: "one of many"}}' for n in PAIRS),
        "points:",
        "  gw:",
        "    kind: gateway",
        "    interfaces:",
        f"      eth1: {{segments: [{', '.join(f'a{n}' for n in PAIRS)}], addresses: [10.92.1.1/24]}}",
        f"      eth2: {{segments: [{', '.join(f'b{n}' for n in PAIRS)}], addresses: [10.92.2.1/24]}}",
    ]
)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return meant(site(SITE + "\n"), AT)


@pytest.fixture(autouse=True)
def _bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "FEWEST", 2)


def proof_of(policy: Policy, text: str) -> Proof:
    return prove(nft_text.parse(text), policy, policy.site.points["gw"], AT, awake=AWAKE)


def given(text: str) -> list[str]:
    """The elements that give a number to what eth1 sends to eth2."""
    return [line for line in text.splitlines() if '"eth1" . "eth2" . ' in line and " : " in line]


def test_as_printed(policy: Policy) -> None:
    assert proof_of(policy, render_table(compile_gateway(policy, "gw", AT), "segctl_a", 1, AT)).found is Found.PROVEN


@pytest.mark.parametrize("which", PAIRS)
def test_one_of_many_gets_no_number(policy: Policy, which: int) -> None:
    """Its number is 0: the connection passes, and none of its packets after the first does by a number that lives."""
    text = render_table(compile_gateway(policy, "gw", AT), "segctl_a", 1, AT)
    line = given(text)[which]
    comma = "," if line.endswith(",") else ""
    proof = proof_of(policy, text.replace(line, f"{line.rpartition(':')[0]}: 0x00000000{comma}", 1))
    assert proof.found is Found.DIFFERENT
    assert any(one.must == "pass with a number" for one in proof.differences)
