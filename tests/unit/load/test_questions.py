"""What stands on the command line is read as a site's own text is."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from segctl.load import parse_selector, parse_service, parse_time, read_site
from segctl.model.diagnostic import SiteError
from segctl.model.selector import Block, Labelled, Named, Within
from segctl.model.service import ALL_TRAFFIC, TCP, UDP, traffic
from segctl.model.site import Site


@pytest.fixture(scope="module")
def site() -> Site:
    return read_site(Path(__file__).parents[2] / "golden" / "load" / "language")


@pytest.mark.parametrize(("text", "kinds"), [
    ("web1", [Named]), ("db", [Named]), ("gw1", [Named]), ("world", [Named]), ("any", [Named]), (" web ", [Named]),
    ("10.0.0.1", [Block]), ("10.0.0.0/8", [Block]), ("10.0.0.1-10.0.0.9", [Block]), ("fd00::", [Block]),
    ("::1", [Block]),
    ("127.0.0.1", [Block]), ("224.0.0.251", [Block]), ("{labels: {tier: web}}", [Labelled]), ("{within: db}", [Within]),
    ("[web1, {within: db}]", [Named, Within]),
])  # fmt: skip
def test_selector(site: Site, text: str, kinds: list[type]) -> None:
    assert [type(one) for one in parse_selector(text, site)] == kinds


@pytest.mark.parametrize(("text", "code"), [
    ("wbe", "unknown-name"), ("", "text"), ("10.0.0", "address"), ("0.0.0.0/0", "prefix-zero"),
    ("10.0.0.1/8", "host-bits"),
    ("::ffff:1.2.3.4", "mapped"), ("{labels: {}}", "no-value"), ("{within: wbe}", "unknown-name"), ("[web1", "yaml"),
    ("a;b", "name"), ("web\n1", "text"), ("\udcff", "encoding"), ("\ud800", "encoding"), ("a\0", "character"),
    ("[]", "no-value"),
    ("{file: /etc/passwd}", "unknown-key"), ("!!x [a]", "name"), ("-", "name"),
])  # fmt: skip
def test_no_selector(site: Site, text: str, code: str) -> None:
    with pytest.raises(SiteError) as raised:
        parse_selector(text, site)
    assert [(one.code, one.span.file) for one in raised.value.findings] == [(code, "<argument>")]


@pytest.mark.parametrize(("text", "protocol", "port"), [
    ("postgres", TCP, 5432), ("ssh", TCP, 22), ("tcp/8080", TCP, 8080), ("shop-api", TCP, 9005), ("dns", UDP, 53),
])  # fmt: skip
def test_service(site: Site, text: str, protocol: int, port: int) -> None:
    service = parse_service(text, site)
    assert service.name == text
    assert traffic(4, protocol, port) in service.traffic and traffic(6, protocol, port) in service.traffic


def test_all(site: Site) -> None:
    assert parse_service("all", site).traffic == ALL_TRAFFIC


@pytest.mark.parametrize(("text", "code"), [
    ("shh", "unknown-service"), ("tcp/0", "port"), ("", "text"), ("[ssh]", "wrong-type"), ("icmp/8", "icmp"),
    ("a\nb", "text"),
])  # fmt: skip
def test_no_service(site: Site, text: str, code: str) -> None:
    with pytest.raises(SiteError) as raised:
        parse_service(text, site)
    assert [one.code for one in raised.value.findings] == [code]


@pytest.mark.parametrize(("text", "want"), [
    ("2027-01-01T00:00:00Z", datetime(2027, 1, 1, tzinfo=UTC)),
    ("2027-01-01t00:00:00z", datetime(2027, 1, 1, tzinfo=UTC)),
    ("2027-01-01T01:30:00+01:30", datetime(2027, 1, 1, tzinfo=UTC)),
    ("2027-01-01T00:00:00.5Z", datetime(2027, 1, 1, 0, 0, 0, 500000, tzinfo=UTC)),
])  # fmt: skip
def test_time(text: str, want: datetime) -> None:
    assert parse_time(text) == want


@pytest.mark.parametrize("text", [
    "", "now", "2027-01-01", "2027-01-01T00:00:00", "2027-13-01T00:00:00Z", "2027-01-01T24:00:01Z", "20270101T000000Z",
    "2027-01-01T00:00:00+25:00", "\u0662\u0660\u0662\u0667-01-01T00:00:00Z",
])  # fmt: skip
def test_no_time(text: str) -> None:
    with pytest.raises(SiteError) as raised:
        parse_time(text)
    assert [one.code for one in raised.value.findings] in (["time"], ["no-value"])
