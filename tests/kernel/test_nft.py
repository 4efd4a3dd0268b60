"""nft as a process: what it loads, lists and refuses, and that its crashes are seen as such."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from segctl.kernel import KernelError, NotThere, SetFull, ToolCrashed, ToolMissing, nft
from segctl.runner import Completed, Here, Netns, NoSuchPlace
from tests.conftest import MakeNamespace

pytestmark = pytest.mark.kernel

TABLE = """
table inet t { flags dormant;
 set few { type ipv4_addr; size 2; elements = { 10.0.0.1 } }
 map bounds { type ipv4_addr : mark; flags interval; }
 chain c { ip saddr @few drop
 }
}
"""


@pytest.fixture
def place(namespace: MakeNamespace) -> Netns:
    return Netns(namespace("nft"))


def test_loaded_is_listed(place: Netns) -> None:
    nft.load(place, TABLE)
    kinds = [next(iter(one)) for one in nft.list_table_json(place, "t")["nftables"]]
    assert sorted(kinds) == ["chain", "map", "metainfo", "rule", "set", "table"]


def test_terse_leaves_the_elements_out(place: Netns) -> None:
    nft.load(place, TABLE)
    assert "10.0.0.1" in str(nft.list_table_json(place, "t"))
    assert "10.0.0.1" not in str(nft.list_table_json(place, "t", terse=True))


def test_check_changes_nothing(place: Netns) -> None:
    nft.check(place, TABLE)
    with pytest.raises(NotThere, match="listing table inet t on namespace"):
        nft.list_table_json(place, "t")


def test_a_refused_load_is_all_or_nothing_and_shows_the_place(place: Netns) -> None:
    with pytest.raises(KernelError) as caught:
        nft.load(place, TABLE + "add rule inet t c frobnicate\n")
    assert "syntax error" in caught.value.what
    assert "frobnicate" in caught.value.help
    with pytest.raises(NotThere):
        nft.list_table_json(place, "t")


def test_a_full_set_is_told_in_our_words(place: Netns) -> None:
    nft.load(place, TABLE)
    with pytest.raises(SetFull):
        nft.load(place, "add element inet t few { 10.0.0.2, 10.0.0.3 }\n")


def test_a_crash_is_an_exception(place: Netns) -> None:
    """By nft 1.0.6 itself, on an interval map with a catch-all; a newer one takes it, and then it must be there."""
    text = TABLE + "add element inet t bounds { 10.0.0.0/8 : 1, * : 2 }\n"
    if nft.version(place) <= (1, 0, 6):
        with pytest.raises(ToolCrashed, match="nft crashed"):
            nft.load(place, text)
    else:
        nft.load(place, text)
        assert "'*'" in str(nft.list_table_json(place, "t"))


@dataclass(frozen=True)
class Instead(Here):
    """Here, but another program answers to the name of nft."""

    program: tuple[str, ...]

    def run(self, argv: Sequence[str], *, stdin: bytes | str | None = None, timeout: float | None = 60.0) -> Completed:
        return Here.run(self, self.program, stdin=stdin, timeout=timeout)


def test_killed_half_way_through_an_answer_is_no_answer() -> None:
    with pytest.raises(ToolCrashed) as caught:
        nft.list_table_json(Instead(("sh", "-c", "echo '{\"nftables\": []}'; kill -SEGV $$")), "t")
    assert caught.value.signal == 11


@pytest.mark.parametrize("said", ["", "{", "[]", "{}", '{"nftables": 1}'])
def test_what_is_no_answer(said: str) -> None:
    with pytest.raises(KernelError, match="nft's answer"):
        nft.list_table_json(Instead(("printf", "%s", said)), "t")


def test_nft_is_missing() -> None:
    with pytest.raises(ToolMissing, match="no-such-nft isn't installed"):
        nft.version(Instead(("no-such-nft",)))


def test_version(place: Netns) -> None:
    assert (0, 9) < nft.version(place) < (3,)


def test_no_such_place() -> None:
    with pytest.raises(NoSuchPlace):
        nft.load(Netns("segt-never-made"), TABLE)
