"""A table that is loaded in parts is the table that is loaded whole, also by who may not send it whole."""

from datetime import UTC, datetime

import pytest

from segctl.compile import compile_gateway, render_structure
from segctl.kernel import nft
from segctl.kernel.errors import NotUnderstood
from segctl.kernel.image import read_image
from segctl.kernel.parts import parts
from segctl.kernel.scratch import in_scratch
from segctl.load.read import load_site
from segctl.policy import examine
from segctl.runner import Runner
from tests.ordinary import ordinary
from tests.tree import ROOT

pytestmark = pytest.mark.kernel

AT = datetime(2026, 1, 1, tzinfo=UTC)
GATEWAYS = [("shop", "gw1"), ("boutique", "node1"), ("hospital", "gw"), ("pci", "fw1"), ("plant", "core")]


def structure(example: str, point: str) -> str:
    """The structure of an example's gateway."""
    site = load_site(ROOT / "examples" / example / "site", trusted=True).site
    assert site is not None
    policy = examine(site, AT).policy
    assert policy is not None
    return render_structure(compile_gateway(policy, point, AT), "segctl_a", 1)


@pytest.mark.parametrize(("example", "point"), GATEWAYS, ids=[example for example, _ in GATEWAYS])
def test_in_parts_it_is_the_same_table(example: str, point: str) -> None:
    text = structure(example, point)

    def whole(runner: Runner) -> object:
        nft.load(runner, text)
        return read_image(runner, "segctl_a")

    def pieces(runner: Runner) -> object:
        for part in parts(text, 1 if example == "shop" else 3000):  # 1: a rule a part
            nft.load(runner, part)
            assert "flags dormant" in part
        return read_image(runner, "segctl_a")

    assert in_scratch(whole) == in_scratch(pieces)


def test_parts_are_small() -> None:
    rest = list(parts(structure("boutique", "node1")))[1:]
    assert len(rest) > 1
    assert all(len(part) < 16_000 for part in rest)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("table inet a {\n chain b { }\n}\n", "no text of one sleeping table"),
        ("table inet a {\n flags dormant\n flowtable f { }\n}\n", "neither set nor chain: flowtable f"),
        ("table inet a {\n flags dormant\n chain b {\n}\n", "a brace that doesn't end: chain b"),
        ("add table inet a\n", "no text of one sleeping table"),
    ],
)
def test_another_text_is_refused(text: str, says: str) -> None:
    with pytest.raises(NotUnderstood, match=says):
        list(parts(text))


LOAD = """
import sys
from segctl.kernel import parts
from segctl.kernel.image import read_image
from segctl.runner import Here
text = open(sys.argv[1]).read()
parts.load_asleep(Here(), text)
print(read_image(Here(), "segctl_a").digest())
"""


def test_who_is_not_root_loads_what_is_too_large_for_one_transaction() -> None:
    """By nft 1.0.6 more than `net.core.wmem_default` lets through."""
    text = structure("boutique", "node1")

    def whole(runner: Runner) -> str:
        nft.load(runner, text)
        return read_image(runner, "segctl_a").digest()

    with ordinary() as user:
        file = user.home / "rules.nft"
        file.write_text(text)
        done = user.run("unshare", "-Urn", user.python, "-c", LOAD, file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == in_scratch(whole)
