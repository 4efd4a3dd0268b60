"""What makes a large site load fast, held against what says the same slowly."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.sites import write_listed_site, write_site
from segctl.load import load_site
from segctl.load.blocks import SPECIAL, demand_usable, plain_block, read_block
from segctl.load.events import parse
from segctl.load.findings import Findings, Wrong
from segctl.model.ranges import LAST_V4, LAST_V6, V6, Ranges, prefix, show_address
from segctl.model.segment import Endpoint
from segctl.model.selector import Block, matches
from segctl.model.span import Span
from segctl.policy.partition import partition
from tests.reference import build

TELLING = ("0.0.0.0", "127.0.0.1", "169.254.1.0", "223.255.255.0", "224.0.0.0", "255.255.255.255", "10.0.0.0",
           "::", "::1", "::ffff:1.2.3.4", "64:ff9b::", "fe7f::", "fe80::", "feff::", "ff02::1",
           "2001:db8::")  # fmt: skip
PLACES = st.integers(0, LAST_V4) | st.integers(V6, LAST_V6) | st.integers(V6, V6 + (1 << 50))
LENGTHS = st.integers(0, 130).map(str) | st.sampled_from(("", "08", " 8", "+8", "/8", "255.0.0.0", "٣"))


@st.composite
def networks(draw: st.DrawFn) -> str:
    """Blocks without host bits."""
    place = draw(PLACES)
    length = draw(st.integers(1, 128 if place >= V6 else 32))
    return f"{show_address(prefix(place, length)[0])}/{length}"


ADDRESSES = PLACES.map(show_address) | st.sampled_from(TELLING)
MEMBERS = (
    networks() | ADDRESSES | st.builds("{}/{}".format, ADDRESSES, LENGTHS)
    | st.builds("{}-{}".format, ADDRESSES, ADDRESSES) | st.text("0123456789abcdef:./- \0é", max_size=20)
)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(MEMBERS)
def test_a_plain_block_is_what_the_careful_reader_says(text: str) -> None:
    """Whatever it takes, the careful way takes as the same; so what is wrong is never taken."""
    found = plain_block(text, "f", 3, 4)
    if found is None:
        return
    first, last = read_block(text)
    demand_usable(text, Ranges.span(first, last))
    assert found == Block(text, first, last, Span("f", 3, 4))
    assert type(found) is Block and type(found.span) is Span


def test_what_is_common_is_plain() -> None:
    """Else nothing would be fast."""
    for text in ("10.1.2.0/24", "10.1.2.3", "192.168.0.1/32", "fd00:1::/48", "2001:db8::1", "2001:db8::1/128"):
        assert plain_block(text, "f", 1, 1), text


def test_special_and_wrong_is_not_plain() -> None:
    for text in ("127.0.0.1", "224.0.0.0/4", "::1", "::ffff:10.0.0.0/104", "ff02::1", "10.0.0.1/24", "10.0.0.0/33",
                 "0.0.0.0/0", "10.0.0.0/", "10.0.0", "web", "", "10.0.0.1-10.0.0.2"):  # fmt: skip
        assert plain_block(text, "f", 1, 1) is None, text


def test_special_is_what_the_sets_say() -> None:
    """`demand_usable` looks at the first address before it takes sets apart."""
    special = Ranges.of(span for ranges, _ in SPECIAL for span in ranges)
    for text in ("0.0.0.0", "0.0.0.0/8", "127.0.0.0/8", "126.0.0.0/7", "224.0.0.0/3", "::/127", "::/120", "fe80::/9"):
        span = read_block(text)
        assert _is_usable(text, span) == bool(Ranges.span(*span) - special), text


def _is_usable(text: str, span: tuple[int, int]) -> bool:
    try:
        demand_usable(text, Ranges.span(*span))
    except Wrong:
        return False
    return True


def test_what_is_wrong_before_yaml_breaks_off_is_told() -> None:
    """In mappings that are still open, too, and in the key that waits for its value."""
    findings = Findings()
    assert parse("a: {b: 1, b: 2}\nc: {d: {e: 1, [x]: 2, e: ]", "f", findings) is None
    assert [(one.code, one.span.line, one.span.column) for one in findings.sorted()] == [
        ("duplicate-key", 1, 11), ("key-type", 2, 15), ("duplicate-key", 2, 23), ("yaml", 2, 26),
    ]  # fmt: skip


def test_who_carries_labels() -> None:
    """`Site.carrying` remembers, one by one is the law; another site's endpoints are never among the answers."""
    rng = Random(5)
    before = build.site([])
    for size in (0, 30, 10):
        endpoints = {f"e{n}": Endpoint(f"e{n}", (n,), Span("f", 1), dict(_carried(rng))) for n in range(size)}
        site = replace(before, endpoints=endpoints)
        for _ in range(40):
            keys = sorted(rng.sample("abc", rng.randint(0, 3)))
            labels = tuple((key, tuple(sorted(rng.sample("xyz", 2)))) for key in keys)
            want = [one for one in endpoints.values() if matches(labels, one.labels)]
            assert sorted(site.carrying(labels), key=str) == sorted(want, key=str)
        before = site


def _carried(rng: Random) -> Iterator[tuple[str, str]]:
    return ((key, rng.choice("xyz")) for key in "abc" if rng.random() < 0.7)


def test_the_large_sites_of_the_benches(tmp_path: Path) -> None:
    """They load without a finding, no two segments meet, and side files hold what the one file holds."""
    claims = []
    for name, write in (("written", write_site), ("listed", write_listed_site)):
        loaded = load_site(write(tmp_path / name, 8, 8 * 70, 20))
        assert loaded.site is not None and not loaded.findings
        made, contradictions = partition(loaded.site)
        assert not contradictions
        claims.append(made.claims)
    written, listed = claims
    for at in range(8):
        if at % 4 < 3:
            assert len(written[f"s{at}"].spans) == 70 and written[f"s{at}"] == listed[f"s{at}"]
        else:  # endpoints, single addresses out of each block
            assert listed[f"s{at}"].size() == 70 and written[f"s{at}"].covers(listed[f"s{at}"])
