"""What segctl keeps of a bench's points lies in a folder of its own, and ends with it: never this machine's own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from segctl.store.state import VARIABLE


@contextmanager
def apart() -> Iterator[Path]:
    """The folder, for the length of a block; also for the processes that are begun in it."""
    with TemporaryDirectory(prefix="segctl-bench-") as folder:
        os.environ[VARIABLE] = folder
        try:
            yield Path(folder)
        finally:
            del os.environ[VARIABLE]
