"""What is kept is cut off, has a bit turned, is newer, somebody else's, or a link: it is said, and nothing is lost.

Each kept file, each way: apply, status, and boot after the machine was off.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from segctl.store.sealed import seal_json
from tests import odd
from tests.fault import judge
from tests.fault.command import Ended, command
from tests.fault.doings import CLOSED, HELD, LIVE, NONE, Doing, one, other
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
    one(ground)
    ground.does(ground.typed("quarantine", BAD, "--why", "a test"))
    for name in ("hits", "journal", "lock"):
        (ground.folder / name).unlink(missing_ok=True)
        (ground.folder / name).touch(0o600)
    (ground.folder / "lock").write_bytes(b'{"user": "root", "doing": "apply"}')
    (ground.folder / "journal").write_bytes(b'{"doing": "apply", "state": "begun"}\n' * 3)
    (ground.folder / "hits").write_bytes(seal_json("hits", [["flow", "old", 7]]))


APPLY = Doing("damaged", (), _held, lambda g: g.apply(other(g.base)), (LIVE, HELD), (NOTHING, NONE))


def damaged(lab: Lab, file: str) -> None:
    """Apply and status with each damage; then each at boot, and once without any."""
    ways = {way: damage for way, damage in WAYS.items() if way != "newer" or file.startswith(SEALED)}
    found: dict[str, Run] = {}
    for way, damage in ways.items():
        ground = lab.prepared(APPLY)
        live = ground.seen()
        path = ground.folder / file.format(f"{live.number:06d}")
        before = path.read_bytes()
        damage(path)
        refused = FILES[file][0 if way in CONTENT else 2]
        run = found[way] = Run(f"kept file: {way}", "apply, status, boot", file.format("…"))
        _status(ground, path)
        run.code = _apply(ground, path, refused)
        seen = ground.seen()
        run.found, run.side = str(seen), "before" if seen == live else "after"
        assert (seen.live, seen.held) == ((ground.base if refused else other(ground.base)), HELD)
        whole_again(path, before)
    ground = lab.prepared(APPLY)
    live = ground.seen()
    path = ground.folder / file.format(f"{live.number:06d}")
    before = path.read_bytes()
    for way, damage in ways.items():
        damage(path)
        found[way].next = _boot(ground, FILES[file][1 if way in CONTENT else 3], live)
        found[way].good = True
        keep(found[way])
        whole_again(path, before)
    assert _boot(ground, GOES, live) == 0


def whole_again(path: Path, before: bytes) -> None:
    """As it was."""
    for left in (path, path.with_name("elsewhere")):
        left.unlink(missing_ok=True)
    path.touch(0o600)
    path.write_bytes(before)


def _status(ground: Ground, path: Path) -> None:
    ended = command(ground.typed("status"))
    judge.no_surprise(ended)
    assert ended.code == 0, ended
    if path.name not in ("journal", "lock"):
        assert path.name in ended.out, ended


def _apply(ground: Ground, path: Path, refused: int) -> int | None:
    ended = command(ground.apply(other(ground.base)))
    judge.no_surprise(ended)
    assert ended.code == refused, ended
    if refused:
        assert path.stem in ended.err or "nothing that is kept says" in ended.err, ended
        assert "help: " in ended.err, ended
    return ended.code


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
