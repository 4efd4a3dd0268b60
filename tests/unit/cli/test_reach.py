"""reach, blast, path: as typed, on the shop."""

import json
from pathlib import Path
from typing import Any

import pytest

from segctl.cli.exits import Exit
from segctl.cli.main import run
from tests.sites import EXAMPLES

Capture = pytest.CaptureFixture[str]
SHOP = ["--site", str(EXAMPLES / "shop/site")]


def said(capsys: Capture, *words: str, code: Exit = Exit.YES) -> str:
    assert run([*SHOP, *words]) == code
    return capsys.readouterr().out


def plain(capsys: Capture, *words: str, code: Exit = Exit.YES) -> dict[str, Any]:
    found = json.loads(said(capsys, *words, "--format", "json", code=code))
    assert found["schema"] == f"segctl/{words[0]}/1"
    return dict(found)


def test_all_segments(capsys: Capture) -> None:
    lines = dict(line.split(maxsplit=1) for line in said(capsys, "reach").splitlines())
    assert lines["office"].split() == ["web,", "world,", "office", "app", "(2),", "db", "(3),", "vault", "(3)"] or (
        "app (2), db (3), vault (3)" in lines["office"]
    )
    assert "vault!" in lines["db"]  # nothing stands between them
    assert "office~" in lines["web"]  # it only observes


def test_from_one_to_one(capsys: Capture) -> None:
    assert said(capsys, "reach", "office", "db") == "office\n  3 hops: db, vault\n"
    assert said(capsys, "reach", "guests", "db", code=Exit.NO) == "guests\n  never: db, vault\n"
    found = plain(capsys, "reach", "world", "db")
    assert [one["reached"][0]["hops"] for one in found["reaches"]] == [3] * len(found["reaches"])


def test_each_kind_of_machine_is_told(capsys: Capture) -> None:
    """web1 reaches app; so does the rest of web; nobody is left out."""
    starts = [name for one in plain(capsys, "reach", "web")["reaches"] for name in one["from"]["names"]]
    assert {"web1", "web2"} <= set(starts)


def test_blast(capsys: Capture) -> None:
    (found,) = plain(capsys, "blast", "guests")["blasts"]
    assert (found["radius"], found["v4"], found["v6"], found["world"]) == (253, 253, 0, 1)
    (web1,) = plain(capsys, "blast", "web1")["blasts"]
    assert web1["only_observed"] > 0 and web1["segments"]["db"] == 2
    assert any(
        row["by"] == "shop-calls" and row["services"] == ["tcp/8443", "tcp/9000-9010"]
        for direct in web1["direct"]
        for row in direct["services"]
    )


def test_exposure_of_every_segment(capsys: Capture) -> None:
    found = plain(capsys, "blast")
    by_name = {one["segment"]: one for one in found["segments"]}
    assert by_name["guests"] == {
        "segment": "guests", "radius": 253, "exposure": 0.0, "direct": 0, "any": 0, "others": 8, "world": None,
    }  # fmt: skip
    assert by_name["db"]["any"] == 7 and by_name["db"]["world"] == 3
    assert set(found["definitions"]) == {"radius", "exposure"}
    rows = said(capsys, "blast").splitlines()
    assert rows[0].split() == ["segment", "radius", "exposure", "in", "one", "hop", "in", "any", "from", "world"]
    assert len(rows) == 1 + len(by_name)


def test_path_and_cut(capsys: Capture) -> None:
    found = plain(capsys, "path", "world", "db")
    assert [hop["services"][0]["by"] for hop in found["way"]] == ["shop-front", "shop-calls", "shop-orders"]
    assert found["every_way_through"] == ["web", "app"]
    assert [one["flow"] for one in found["every_way_needs"]] == ["shop-calls"]
    assert found["cut"] == {"flows": found["every_way_needs"], "least": 1}
    assert said(capsys, "path", "guests", "db", code=Exit.NO) == "no way\n"


def test_the_world_may_be_walked_through(capsys: Capture) -> None:
    assert said(capsys, "path", "guests", "office", code=Exit.NO) == "no way\n"
    assert said(capsys, "path", "guests", "office", "--through-world").startswith("2 hops:\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["reach", "nobody"], "there is no segment, endpoint or point 'nobody'"),
        (["blast", "quarantine"], "'quarantine' names no address"),
        (["path", "web", "10.0.0.300"], "10.0.0.300"),
    ],
)
def test_wrong_ends(words: list[str], says: str, capsys: Capture) -> None:
    assert run([*SHOP, *words]) == Exit.WRONG_INPUT
    assert says in capsys.readouterr().err


def test_one_machine_is_there_already(capsys: Capture) -> None:
    assert said(capsys, "reach", "web1", "web1", code=Exit.NO) == "nobody else: FROM and TO are one machine\n"
    assert said(capsys, "path", "web1", "web1", code=Exit.NO) == "no way\n"


def test_a_site_that_nothing_enforces_says_so(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "segctl.yaml").write_text("version: 1\nsite: s\nsegments: {a: {members: 10.0.0.0/24}}\n")
    assert run(["--site", str(tmp_path), "path", "a", "world"]) in (Exit.YES, Exit.NO)
    assert "the site has no points" in capsys.readouterr().err
