"""Sites and the rules that they become, side by side; `SEGCTL_GOLDEN=write` writes them anew.

That each loads, tests/kernel/test_golden_loads.py shows.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from segctl.compile import compile_gateway, compile_point, render_table
from segctl.model.site import Site
from tests.sites import AT, EXAMPLES, meant, policy, read

GOLDEN = Path(__file__).parents[2] / "golden" / "rules"
CASES = {"kinds": GOLDEN / "kinds", "shop": EXAMPLES / "shop" / "site", "hosts": GOLDEN / "hosts"}
POINTS = {"hosts": "db1-host"}


def rendered(said: Site, point: str = "gw1") -> str:
    return render_table(compile_point(meant(said), point, AT), "segctl_a", 1, AT)


@pytest.mark.parametrize("case", CASES)
def test_rules_are_the_golden_ones(case: str) -> None:
    text = rendered(read(CASES[case]), POINTS.get(case, "gw1"))
    golden = GOLDEN / f"{case}.nft"
    if os.environ.get("SEGCTL_GOLDEN") == "write":
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("case", ["kinds", "hosts"])
def test_the_same_bytes_in_another_process(case: str) -> None:
    """Nothing depends on the order of sets or the seed of hashes."""
    program = (
        "from tests.unit.compile.test_golden import CASES, POINTS, rendered; from tests.sites import read;"
        f"import sys; sys.stdout.write(rendered(read(CASES['{case}']), POINTS.get('{case}', 'gw1')))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=GOLDEN.parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert texts == {(GOLDEN / f"{case}.nft").read_text()}


_EVERY_TEXT = """
site: Zq-site
endpoints:
  Zq-e: {{addresses: [10.1.0.1], labels: {{Zq-key: Zq-label}}}}
services: {{Zq-service: [tcp/5432, tcp/6000-6010]}}
strictness: {{Zq-profile: {{like: strict}}}}
segments:
  Zq-a: {{strictness: Zq-profile, members: 10.1.0.0/24, owner: "{text}", labels: {{Zq-key: "{text}"}}}}
  Zq-b: {{members: 10.2.0.0/24, waive: {{uncovered: "{text}"}}}}
points:
  Zq-gw:
    kind: gateway
    interfaces:
      eth0: {{segments: [world]}}
      eth1: {{segments: [Zq-a], addresses: [10.1.0.254/24], waive: {{binding: "{text}"}}}}
      eth2: {{segments: [Zq-b], addresses: [10.2.0.254/24]}}
flows:
  - {{name: Zq-flow, from: Zq-a, to: Zq-b, services: [Zq-service], why: "{text}", owner: "{text}", ticket: "{text}"}}
guardrails:
  - {{name: Zq-guard, from: Zq-b, to: Zq-a, services: [Zq-service], why: "{text}"}}
management:
  - {{from: Zq-e, services: [ssh]}}
"""
_NASTY = ("Zq }; flush ruleset; #", "Zq {{ 7 * 7 }}", "Zq {% raw %}", "Zq $x `y` 'z'", "Zq; drop", "Zq @map jump x")


@pytest.mark.parametrize("text", _NASTY)
def test_no_text_of_the_site_is_in_its_rules(text: str) -> None:
    """Names, whys, owners, labels stay outside: rules carry numbers."""
    rules = compile_gateway(policy("version: 1" + _EVERY_TEXT.format(text=text)), "Zq-gw", AT)
    rendered = render_table(rules, "segctl_a", 1, AT)
    assert "Zq" not in rendered
    assert "flush" not in rendered
    quoted = {part for line in rendered.splitlines() for part in line.split('"')[1::2]}
    assert {part for part in quoted if not part.startswith("segctl ")} == {"lo", "eth0", "eth1", "eth2"}
