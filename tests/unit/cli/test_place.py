"""Where a point is: by --netns or --here without any site, by the site where it can be read, else this host."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest

from segctl.cli.main import run
from segctl.cli.options import Settings
from segctl.cli.place import place_of
from segctl.model.diagnostic import SiteError
from segctl.runner import Here, Netns, Runner

SITE = """
version: 1
site: test
segments: {a: {members: [10.96.1.0/24]}, b: {members: [10.96.2.0/24]}}
points:
  gw1: {kind: gateway, where: "netns:far", interfaces: {eth1: {segments: [a], addresses: [10.96.1.1/24]}}}
  gw2: {kind: gateway, interfaces: {eth1: {segments: [b], addresses: [10.96.2.1/24]}}}
"""
Ask = Callable[..., Runner]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """What place is meant in a folder without a site."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEGCTL_SITE", raising=False)

    def asked(
        point: str | None = None, netns: str | None = None, here: bool = False, site: Path | None = None
    ) -> Runner:
        return place_of(Settings(site), point, netns, here)

    return asked


def test_without_a_site_it_is_this_host_or_what_is_named(ask: Ask) -> None:
    assert ask() == Here() == ask(here=True)
    assert ask(netns="x") == Netns("x")
    with pytest.raises(SiteError):
        ask(point="gw1")


def test_a_site_says_where_its_points_are(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "segctl.yaml").write_text(SITE)
    assert ask(point="gw1") == Netns("far") and ask(point="gw2") == Here()
    assert ask(point="gw1", netns="x") == Netns("x")  # the command line's word is the last
    with pytest.raises(click.UsageError, match="which point"):
        ask()
    with pytest.raises(click.UsageError, match="no point 'gw9'"):
        ask(point="gw9")


def test_a_broken_site_keeps_nobody_from_a_place_that_is_named(
    ask: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "segctl.yaml").write_text("version: [")
    assert ask(netns="x") == Netns("x") and ask(here=True) == Here()
    with pytest.raises(SiteError):
        ask(point="gw1")
    assert "--here or --netns NAME names the place without it" in capsys.readouterr().err


def test_here_is_here_alone(ask: Ask) -> None:
    for words in ({"netns": "x"}, {"point": "gw1"}):
        with pytest.raises(click.UsageError, match="--here is this host"):
            ask(here=True, **words)


@pytest.mark.parametrize(
    "words",
    [("quarantine", "10.0.0.1", "--why", " "), ("quarantine", "10.0.0.1"), ("panic", "--why", "x", "--for", "1000d"),
     ("panic", "--why", "x", "--for", "nan"), ("remove",), ("rollback", "3", "--to-nothing"), ("rollback", "0"),
     ("grant", "a", "b", "tcp/1", "--why", "x"), ("apply", "--watch", "--confirm", "60s")],
    ids=" ".join,
)  # fmt: skip
def test_what_is_no_command(words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reason is demanded, times have bounds, and nothing is taken for granted."""
    monkeypatch.chdir(tmp_path)
    assert run([*words, "--netns", "segt-none"]) == 2


def test_the_unit_for_boot_is_this_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["boot", "--print-unit"]) == 0
    (starts,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("ExecStart=")]
    assert starts.endswith(" --quiet boot --here") and not starts.startswith("ExecStart=/usr/bin/segctl"), starts
    assert run(["boot", "--print-unit", "--netns", "far"]) == 2
    assert "systemd has no namespace before the network is up" in capsys.readouterr().err
