"""A plan as a file, which root carries out: what isn't of its form is Damaged, whatever it is."""

import json
import os
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from segctl.apply.job import Planned
from segctl.apply.plan import Carried, read, write
from segctl.apply.result import CannotApply
from segctl.store import Damaged, Newer, NotWritten, Source, StoreError, Unsafe
from segctl.store.origin import Commit
from segctl.store.sealed import seal
from tests.unit.store.test_plain import RULES, changed, places, same, values

CARRIED = Carried(
    RULES,
    Source("shop", "d" * 64, {"segctl.yaml": b"version: 1\n"}, Commit("a" * 40, True)),
    Planned(7, "segctl_b", 99, "h" * 64, "r" * 64, "proven", "namespace gw1"),
)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    write(CARRIED, tmp_path / "next.plan")
    return tmp_path / "next.plan"


def content(plan: Path) -> Any:
    return json.loads(plan.read_bytes().partition(b"\n")[2])


def test_there_and_back(plan: Path) -> None:
    found = read(plan)
    assert same(found.rules, RULES) and found.planned == CARRIED.planned and found.source == CARRIED.source
    assert plan.stat().st_mode & 0o077 == 0


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    for path, says in ((tmp_path / "none" / "x.plan", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(NotWritten, match=f"can't be written to .*{says}"):
            write(CARRIED, path)
    first = replace(CARRIED, planned=replace(CARRIED.planned, live=None))
    with pytest.raises(CannotApply, match="first generation"):
        write(first, tmp_path / "first.plan")
    assert not [*tmp_path.iterdir()]


def test_cut_off_or_newer(plan: Path) -> None:
    data = plan.read_bytes()
    for length in (0, 1, 20, 90, len(data) // 2, len(data) - 1):
        plan.write_bytes(data[:length])
        with pytest.raises(Damaged, match=r"next\.plan"):
            read(plan)
    plan.write_bytes(data.replace(b" 1 ", b" 2 ", 1))
    with pytest.raises(Newer):
        read(plan)


@pytest.mark.parametrize(
    "wrong", [..., None, -1, 1.5, "é", [], {}, True, 1 << 200, "x" * 300], ids=lambda w: str(w)[:9]
)
def test_each_value_wrong(plan: Path, wrong: object) -> None:
    """Damaged, or it says just that."""
    good = content(plan)
    refused = 0
    for way in [*places(good["source"], ("source",)), *places(good["planned"], ("planned",)), ("side",), ("rules",)]:
        plan.write_bytes(seal("plan", json.dumps(changed(good, way, wrong)).encode()))
        try:
            read(plan)
        except Damaged:
            refused += 1
    assert refused > 8


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values)
def test_anything_sealed_rightly(plan: Path, value: Any) -> None:
    plan.write_bytes(seal("plan", json.dumps(value).encode()))
    with pytest.raises(Damaged):
        read(plan)


def test_a_small_one_takes_little_memory(plan: Path) -> None:
    tracemalloc.start()
    read(plan)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 4 << 20


@pytest.mark.parametrize("what", ["/dev/zero", "/dev/null", "a pipe", "a folder"])
def test_what_is_no_file(tmp_path: Path, what: str) -> None:
    path = Path(what) if what.startswith("/") else tmp_path / "odd"
    if what == "a pipe":
        os.mkfifo(path)
    elif what == "a folder":
        path.mkdir()
    with pytest.raises(Unsafe, match="no regular file"):
        read(path)


def test_none(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        read(tmp_path / "none")
