"""Mutants of every valid site through everything that reads one: an answer or findings; no traceback, hang or guess.

`make test` spends seconds, `make soak` five minutes, `make soak-long` an hour. A failure says how to see it again.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import pytest

from segctl.ask import can
from segctl.ask.check import check_site
from segctl.ask.explain import explain
from segctl.ask.graph import segment_graph
from segctl.compile import compile_point, render_table
from segctl.compile.zones import TooManyClasses
from segctl.load import load_site, parse_selector, parse_service
from segctl.model.codes import CODES
from segctl.model.diagnostic import Level, SiteError
from segctl.model.site import Site
from segctl.policy import Policy, examine
from segctl.report.check import show_check
from segctl.report.diagnostics import show_finding
from segctl.report.explain import show_explanation
from tests.fuzz.mutate import as_blocks, as_json, corpus, mutant
from tests.sites import AT, placeless

ROOT = Path(__file__).parents[2]
LONGEST = 60  # seconds for one mutant; most take some hundredths


def fuzz(seconds: float, first: int) -> None:
    """Mutants by number, each its own seed, until the time is over."""
    sites = corpus(ROOT)
    end, number, loaded = time.monotonic() + seconds, first, 0
    while time.monotonic() < end:
        rng = Random(number)
        try:
            with no_longer_than(LONGEST):
                loaded += one(mutant(rng, sites), rng)
        except BaseException:
            print(f"again: SEGCTL_SEED={number} pytest tests/fuzz -k seconds")
            raise
        number += 1
    print(f"{number - first} mutants, {loaded} of them valid")
    assert loaded, "no mutant was a valid site"


def one(tree: dict[str, Any], rng: Random) -> bool:
    """One mutant, in two notations; whether it is a valid site."""
    with TemporaryDirectory() as folder:
        main = Path(folder) / "segctl.yaml"
        main.write_text(as_json(tree))
        first = load_site(main)
        main.write_text(as_blocks(tree))
        second = load_site(main)
    told(first.findings)
    told(second.findings)
    codes = [{finding.code for finding in loaded.findings} for loaded in (first, second)]
    if (first.site is None) != (second.site is None):  # quotes say that a word is a text, and some keys want none
        assert codes[0] ^ codes[1] <= {"wrong-type", "no-value", "version", "character", "yaml"}, codes
    if first.site is None or second.site is None:
        return False
    assert placeless(first.site) == placeless(second.site)
    asked(second.site, rng)
    return True


def told(findings: tuple[Any, ...]) -> None:
    """Each finding says something, at a place, on lines that can be printed."""
    for finding in findings:
        assert finding.what and finding.help and finding.span.line >= 1 and finding.span.column >= 1
        assert all(line.isprintable() for line in show_finding(finding).split("\n"))


def asked(site: Site, rng: Random) -> None:
    """Everything that a site can be asked without a kernel."""
    examined = examine(site, AT)
    told(examined.findings)
    if examined.policy is None:
        assert any(CODES[finding.code].level is Level.ERROR for finding in examined.findings)
        return
    list(show_check(check_site(site, (), AT)))
    segment_graph(examined.policy, AT)
    for point in site.points:
        try:
            render_table(compile_point(examined.policy, point, AT), "segctl_a", 1, AT)
        except TooManyClasses:
            continue
    question(examined.policy, rng)


def question(policy: Policy, rng: Random) -> None:
    site = policy.site
    names = [*site.segments, *site.endpoints, *site.points, "any", "10.0.0.0/8", "fd00::/8", "127.0.0.1"]
    services = [*site.services, "ssh", "icmp/any", "proto/47", "tcp/1-1000"]
    try:
        ends = parse_selector(rng.choice(names), site), parse_selector(rng.choice(names), site)
        service = parse_service(rng.choice(services), site)
        answer = can(policy, *ends, service.traffic, AT)
        explained = explain(policy, *ends, (service,), AT)
    except SiteError as error:
        told(error.findings)
        return
    assert explained.answer == answer
    assert list(show_explanation(explained))


@contextmanager
def no_longer_than(seconds: int) -> Iterator[None]:
    """What takes longer hangs."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def seed() -> int:
    return int(os.environ.get("SEGCTL_SEED", "1"))


def test_some_seconds() -> None:
    fuzz(10, seed())


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_five_minutes() -> None:
    fuzz(300, int(os.environ.get("SEGCTL_SEED", "1000000")))


@pytest.mark.soak_long
@pytest.mark.timeout(0)
def test_an_hour() -> None:
    fuzz(3600, int(os.environ.get("SEGCTL_SEED", "10000000")))
