"""What our netlink writes it reads again: ranges at every edge, random elements of every shape."""

import random
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from segctl.kernel import netlink, nft
from segctl.model.elements import Elements
from segctl.runner import Netns
from tests.conftest import MakeNamespace
from tests.kernel.packing import STRUCTURE, be, flow_keys, host, same

pytestmark = pytest.mark.kernel


@pytest.fixture
def place(namespace: MakeNamespace) -> Netns:
    there = Netns(namespace("ours"))
    nft.load(there, STRUCTURE)
    return there


V6_LAST = (1 << 128) - 1
RANGES = [
    # each: (first, last, data) of one map, in IPv6 addresses
    pytest.param([], id="nothing"),
    pytest.param([(0, 0, 1)], id="the-first"),
    pytest.param([(0, V6_LAST, 1)], id="all"),
    pytest.param([(V6_LAST, V6_LAST, 1)], id="the-last"),
    pytest.param([(0, 0, 1), (1, 1, 2), (2, V6_LAST, 3)], id="adjacent"),
    pytest.param([(5, 0xFF, 1), (0x100, 0xFFFF, 1)], id="adjacent-same-answer-with-carry"),
    pytest.param([(7, 7, 1), (9, 9, 2)], id="one-apart"),
    pytest.param([(1 << 127, V6_LAST, 2), (0, (1 << 127) - 1, 1)], id="halves-unsorted"),
]


@pytest.mark.parametrize("spans", RANGES)
def test_ranges(place: Netns, spans: list[tuple[int, int, int]]) -> None:
    firsts, lasts, data = ([span[at] for span in spans] for at in (0, 1, 2))
    meant = Elements("dst6", be(*firsts, width=16), be(*lasts, width=16), host(*data))
    netlink.add(place, "t", [meant])
    assert same(netlink.dump(place, "t", "dst6"), meant)
    (by_nft,) = [
        one["map"] for one in nft.list_table_json(place, "t")["nftables"] if one.get("map", {}).get("name") == "dst6"
    ]
    assert sorted(answer for _, answer in by_nft.get("elem", [])) == sorted(data)
    netlink.delete(place, "t", [meant])
    assert len(netlink.dump(place, "t", "dst6")) == 0


def addresses(bits: int) -> st.SearchStrategy[list[int]]:
    """Cut points, close together and far apart, with both ends of the line among them."""
    top = (1 << bits) - 1
    near = st.integers(0, 40) | st.integers(top - 40, top) | st.integers(0, top)
    return st.lists(near, unique=True, min_size=0, max_size=30).map(sorted)


@st.composite
def ranged(draw: st.DrawFn, name: str, bits: int) -> Elements:
    cuts = draw(addresses(bits))
    taken = draw(st.lists(st.booleans(), min_size=len(cuts), max_size=len(cuts)))
    bounds = [*cuts[1:], 1 << bits][: len(cuts)]
    spans = [(first, after - 1) for first, after, take in zip(cuts, bounds, taken, strict=True) if take]
    data = draw(st.lists(st.integers(0, 2**32 - 1), min_size=len(spans), max_size=len(spans)))
    firsts, lasts = [first for first, _ in spans], [last for _, last in spans]
    return Elements(name, be(*firsts, width=bits // 8), be(*lasts, width=bits // 8), host(*data))


U32 = st.integers(0, 2**32 - 1)
KEYS = st.lists(st.tuples(U32, U32, st.integers(0, 255), st.integers(0, 65535)), unique=True, max_size=40)
TARGETS = st.sampled_from(
    [("jump", "pl1"), ("goto", "allow_intra"), ("goto", "deny_and_log_it"), ("drop", ""), ("accept", "")]
)


@st.composite
def everything_at_once(draw: st.DrawFn) -> list[Elements]:
    """All shapes in one example, as making and emptying sets costs more than what they hold."""
    flows = draw(KEYS)
    pairs = draw(KEYS)
    lives = draw(st.lists(st.tuples(U32, st.sampled_from([0, 60_000 * 90])), unique_by=lambda row: row[0], max_size=40))
    names = np.zeros((len(lives), 32), np.uint8)
    names[:, :2] = [103, 49]
    live = np.concatenate((names, host(*(mark for mark, _ in lives))), axis=1)
    return [
        draw(ranged("dst4", 32)),
        draw(ranged("dst6", 128)),
        Elements("flows", flow_keys(flows), None, host(*(row[0] ^ row[1] for row in flows))),
        Elements("portlists", flow_keys(pairs)[:, :12], verdicts=tuple(draw(TARGETS) for _ in pairs))
        if len({row[:3] for row in pairs}) == len(pairs)
        else Elements("portlists", flow_keys([])[:, :12], verdicts=()),
        Elements("live", live, timeouts=np.array([left for _, left in lives], np.uint64)),
    ]


@pytest.fixture(scope="module")
def hypothesis_place() -> Iterator[Netns]:
    name = "segt-hyp-" + str(random.SystemRandom().randrange(10**6))
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        nft.load(Netns(name), STRUCTURE)
        yield Netns(name)
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(meant=everything_at_once())
def test_round_trip(hypothesis_place: Netns, meant: list[Elements]) -> None:
    emptied = (f"flush {'set' if one.name == 'live' else 'map'} inet t {one.name}\n" for one in meant)
    nft.load(hypothesis_place, "".join(emptied))
    netlink.add(hypothesis_place, "t", meant)
    assert [one for one in meant if not same(netlink.dump(hypothesis_place, "t", one.name), one)] == []
