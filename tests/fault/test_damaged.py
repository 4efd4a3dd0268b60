"""What is kept is cut off, has a bit turned, is newer, somebody else's, or a link: it is said, and nothing is lost.

Each kept file, each way: apply, status, and boot after the machine was off.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import odd
from tests.fault import judge
from tests.fault.command import Ended, command
from tests.fault.doings import CLOSED, HELD, LIVE, NONE, Doing, other, two
from tests.fault.ground import BAD, NOTHING, Ground, Seen
from tests.fault.lab import Lab
from tests.fault.pool import runs
from tests.fault.record import Run, keep

pytestmark = pytest.mark.kernel
Done = Callable[[], None]


def cut_off(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])


def a_bit_turned(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) * 2 // 3] ^= 0x10
    path.write_bytes(data)


def newer(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b" 1 sha256:", b" 2 sha256:", 1))


def somebody_elses(path: Path) -> None:
    os.chown(path, odd.NOBODY, -1)


def a_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


WAYS = {way.__name__.replace("_", " "): way for way in (cut_off, a_bit_turned, newer, somebody_elses, a_link)}
CONTENT = ("cut off", "a bit turned")
REFUSED, GOES, CLOSES = 3, 0, 4
FILES = {  # file: what apply says where its content is damaged, and boot; and the same where it isn't ours at all
    "standing": (REFUSED, CLOSES, REFUSED, CLOSES),
    "overrides": (REFUSED, CLOSES, REFUSED, CLOSES),
    "hits": (GOES, GOES, GOES, GOES),
    "journal": (GOES, GOES, REFUSED, GOES),
    "lock": (GOES, GOES, REFUSED, GOES),
    "generations/{}.about": (REFUSED, CLOSES, REFUSED, CLOSES),
    "generations/{}.rules": (GOES, CLOSES, GOES, CLOSES),
    "generations/{}.side": (GOES, CLOSES, GOES, CLOSES),
}
SEALED = ("standing", "overrides", "hits", "generations")


def _held(ground: Ground) -> None:
    """One is live and confirmed, one address is held, something was counted."""
    two(ground)
    ground.does(ground.typed("quarantine", BAD, "--why", "a test"))
    (ground.folder / "hits").touch(0o600)
    from segctl.store.sealed import seal_json

    (ground.folder / "hits").write_bytes(seal_json("hits", [["flow", "old", 7]]))


APPLY = Doing("damaged", (), _held, lambda g: g.apply(other(g.base)), (LIVE, HELD), (NOTHING, NONE))


def damaged(lab: Lab, file: str) -> None:
    ground = lab.prepared(APPLY)
    backup = lab.folder / "backup"
    shutil.rmtree(backup, ignore_errors=True)
    shutil.copytree(ground.folder, backup)
    live = ground.seen()
    for way, damage in WAYS.items():
        if way == "newer" and not file.startswith(SEALED):
            continue
        path = ground.folder / file.format(f"{live.number:06d}")
        damage(path)
        run = Run(f"kept file {way}", "apply, status, boot", file.format("…"))
        refused, closes = FILES[file][0 if way in CONTENT else 2], FILES[file][1 if way in CONTENT else 3]
        _status(ground, path, way, refused)
        run.code = _apply(ground, path, refused)
        seen = ground.seen()
        run.found, run.side = str(seen), "before" if seen == live else "after"
        assert (seen.live, seen.held) == ((ground.base if refused else other(ground.base)), HELD)
        if not refused:  # with the rules that were live when it was damaged
            _back(ground, backup, path.name, keep_damage=True)
        run.next = _boot(ground, closes, live)
        run.good = True
        keep(run)
        _back(ground, backup, path.name)
        assert _boot(ground, GOES, live) == 0


def _back(ground: Ground, backup: Path, name: str, *, keep_damage: bool = False) -> None:
    """All that is kept, as it was; but for what was damaged, if that is to stay."""
    left = ground.top / "left"
    shutil.rmtree(left, ignore_errors=True)
    ground.folder.rename(left)
    shutil.copytree(backup, ground.folder, symlinks=True)
    if keep_damage:
        for path in [one for one in left.rglob("*") if one.name == name]:  # links to nothing, too
            there = ground.folder / path.relative_to(left)
            there.unlink(missing_ok=True)
            path.rename(there)


def _apply(ground: Ground, path: Path, refused: int) -> int | None:
    ended = command(ground.apply(other(ground.base)))
    judge.no_surprise(ended)
    assert ended.code == refused, ended
    if refused:
        assert path.stem in ended.err or "nothing that is kept says" in ended.err, ended
        assert "help: " in ended.err, ended
    return ended.code


def _status(ground: Ground, path: Path, way: str, refused: int) -> None:
    ended = command(ground.typed("status"))
    judge.no_surprise(ended)
    assert ended.code == 0, ended
    if path.name not in ("journal", "lock"):
        assert path.name in ended.out, ended


def _boot(ground: Ground, closes: int, live: Seen) -> int | None:
    ground.reboot()
    ended: Ended = command(ground.typed("boot"))
    judge.no_surprise(ended)
    assert ended.code == closes, (ended, sorted(one.name for one in (ground.folder / "generations").iterdir()))
    seen = ground.seen()
    if closes:
        assert "CLOSED but for management" in ended.err and (seen.live, seen.held & CLOSED) == (NOTHING, CLOSED), ended
    else:
        assert seen == live, (ended, seen)
    return ended.code


@runs(damaged)
@pytest.mark.parametrize("file", FILES)
def test_each_kept_file(done: Done, file: str) -> None:
    done()
