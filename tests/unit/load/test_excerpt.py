"""What stands at a place, as it is written."""

from pathlib import Path

import pytest

from segctl.load.excerpt import LINES, WIDE, Excerpts
from segctl.model.span import Span

TEXT = """\
version: 1
flows:
  - name: first
    from: a
    to: [b,
      c]

  - {name: second, from: a, to: b}
segments:
  a:
    members: [10.0.0.0/24]  # \u00fc
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "segctl.yaml").write_text(TEXT, "utf-8")
    return tmp_path


def test_a_statement_of_several_lines(site: Path) -> None:
    assert Excerpts(site).of(Span("segctl.yaml", 3, 5)) == "- name: first\n  from: a\n  to: [b,\n    c]"


def test_one_of_one_line(site: Path) -> None:
    assert Excerpts(site).of(Span("segctl.yaml", 8, 5)) == "- {name: second, from: a, to: b}"


def test_a_segment(site: Path) -> None:
    assert Excerpts(site).of(Span("segctl.yaml", 10, 3)) == "a:\n  members: [10.0.0.0/24]  # \u00fc"


def test_what_is_not_there(site: Path, tmp_path: Path) -> None:
    made = Excerpts(site)
    for span in (Span("segctl.yaml", 99), Span("segctl.yaml", 0), Span("gone.yaml", 1), Span("", 1)):
        assert made.of(span) == ""


def test_nothing_outside_the_site(site: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret"
    secret.write_text("secret\n")
    (site / "link.yaml").symlink_to(secret)
    made = Excerpts(site)
    assert made.of(Span("link.yaml", 1)) == "" and made.of(Span(str(secret), 1)) == ""
    assert made.of(Span("../" * 20 + str(secret), 1)) == ""


def test_it_stays_short(site: Path) -> None:
    (site / "long.yaml").write_text("a:\n" + "  - x\n" * 100 + "b: " + "y" * 10_000)
    made = Excerpts(site)
    assert len(made.of(Span("long.yaml", 1)).splitlines()) == LINES
    assert len(made.of(Span("long.yaml", 102))) == WIDE


def test_the_main_file_by_its_name(site: Path) -> None:
    assert Excerpts(site / "segctl.yaml").of(Span("segctl.yaml", 1)) == "version: 1"
