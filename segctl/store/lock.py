"""One change at a time on a point: a lock that dies with its owner (flock(2)), and says who holds it and for what."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime

from segctl.store.errors import Busy
from segctl.store.files import Folder
from segctl.store.origin import who

_NAME = "lock"
_TICK = 0.05


@contextmanager
def locked(folder: Folder, doing: str, wait: float = 0.0) -> Iterator[None]:
    """Hold the point's lock. Busy if somebody else does for longer than `wait` seconds, in words that name him."""
    descriptor = folder.open(_NAME)
    try:
        _take(descriptor, folder, time.monotonic() + wait)
        _say(descriptor, doing)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, folder: Folder, until: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise Busy(f"{_holder(descriptor)} is changing this point", f"wait, or look: {folder.path / _NAME}"
                           ) from None  # fmt: skip
            time.sleep(_TICK)
        else:
            return


def _say(descriptor: int, doing: str) -> None:
    """Whom the next one finds here; a full disk doesn't unlock."""
    person = who()
    said = {"pid": os.getpid(), "doing": doing, "since": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", **asdict(person)}
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(said).encode(), 0)
    except OSError:
        return


def _holder(descriptor: int) -> str:
    try:
        said = json.loads(os.pread(descriptor, 4096, 0))
        return f"{said['user']}, with `segctl {said['doing']}` since {said['since']} (process {said['pid']})"
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return "somebody"
