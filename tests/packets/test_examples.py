"""Every site in examples/: it validates, its own tests hold, its picture is fresh, and real packets agree with it."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from segctl.cli.exits import Exit
from segctl.cli.main import run
from segctl.lab import Built
from segctl.lab import lab as make_lab
from tests.packets.test_probe_lab import differs
from tests.sites import EXAMPLES, meant, read

SITES = sorted(found.parent for found in EXAMPLES.glob("*/site/segctl.yaml"))
NAMES = [folder.parent.name for folder in SITES]
EACH = pytest.mark.parametrize("folder", SITES, ids=NAMES)
pytestmark = pytest.mark.timeout(600)
XLINK_TITLE = "{http://www.w3.org/1999/xlink}title"


def asked(folder: Path, capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """What the command says about that site: its exit code and its standard output."""
    code = run(["--site", str(folder), "-q", *words])
    return code, capfd.readouterr().out


def texts(svg: str) -> Counter[str]:
    """What an svg says, wherever the layout puts it: another Graphviz draws the same words at another place."""
    root = ElementTree.fromstring(svg)
    said = (text for each in root.iter() for text in (each.text, each.get(XLINK_TITLE)) if text and text.strip())
    return Counter(said)


def test_they_are_there() -> None:
    assert {"shop", "boutique", "pci", "plant", "hospital"} <= set(NAMES)


@EACH
def test_it_says_what_it_is(folder: Path) -> None:
    name = folder.parent.name
    readme = (folder.parent / "README.md").read_text()
    assert f"({name}.svg)" in readme
    assert read(folder).name == name


@EACH
def test_its_picture_is_fresh(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """If not: in its site folder, `segctl graph --format svg --output ../NAME.svg`."""
    code, now = asked(folder, capfd, "graph", "--format", "svg")
    assert code == Exit.YES
    kept = texts((folder.parent / f"{folder.parent.name}.svg").read_text())
    assert (texts(now) - kept, kept - texts(now)) == (Counter(), Counter())


@EACH
def test_it_is_valid_and_its_own_tests_hold(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, said = asked(folder, capfd, "validate")
    assert code == Exit.YES, said
    code, said = asked(folder, capfd, "check", "--format", "json")
    assert code == Exit.YES, said
    assert len(read(folder).expectations) >= 8


@contextmanager
def standing(folder: Path, name: str) -> Iterator[Built]:
    """The site's network, each gateway and host point under its own rules."""
    site = read(folder)
    with make_lab(meant(site, datetime.now(UTC)), name) as built:
        places = [(gateway.point, gateway.namespace) for gateway in built.gateways]
        places += [
            (point.name, host.namespace)
            for point in site.hosts()
            for host in built.hosts
            if host.endpoint == point.endpoint
        ]
        assert {point for point, _ in places} == set(site.points)
        for point, namespace in places:
            where = "--point", point, "--netns", namespace
            assert run(["--site", str(folder), "-q", "apply", *where, "--prime", "0"]) == Exit.YES
        yield built


@EACH
@pytest.mark.packets
def test_packets_agree_in_every_cell(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    name = f"ex{os.getpid()}{folder.parent.name}"[:20]
    with standing(folder, name) as built:
        assert len(built.gateways) == len(read(folder).gateways())
        capfd.readouterr()
        code, text = asked(folder, capfd, "probe", "--lab", name, "--format", "json")
    said: Any = json.loads(text)
    print(f"{folder.parent.name}: {len(said['cells'])} cells: {said['counts']}")
    assert not differs(said)
    assert (code, said["counts"]["differs"], said["counts"]["inconclusive"]) == (Exit.YES, 0, 0)
    assert said["counts"]["agrees"] > 1_000
