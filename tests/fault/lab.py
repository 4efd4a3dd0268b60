"""Where one process tries its faults: grounds that go from one fault to the next."""

import gc
import importlib
import os
import pkgutil
from contextlib import ExitStack, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Self

import segctl.apply
import segctl.cli
import segctl.kernel
from tests.fault.disk import Disk
from tests.fault.doings import Doing
from tests.fault.ground import Ground


class Lab:
    """Grounds by name, each in a namespace that ends with the lab. `folder`: for whatever a fault needs."""

    def __init__(self, folder: Path, fitness: bytes) -> None:
        self.folder, self._fitness = folder, fitness
        self._grounds: dict[str, Ground] = {}
        self._disks: dict[str, tuple[Disk, Ground]] = {}
        self._ending = ExitStack()
        self.durations: dict[str, tuple[float, ...]] = {}

    def __enter__(self) -> Self:
        self._warm_up()
        return self

    def _warm_up(self) -> None:
        """All that commands load and make once: their forks find it there, and copy none of it as they collect."""
        for package in (segctl.apply, segctl.cli, segctl.kernel):
            for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
                importlib.import_module(module.name)
        ground = self.ground("warm")
        for name in ("old", "new"):
            ground.apply(name)()
        for words in (("panic", "--why", "x"), ("release", "all"), ("status",), ("history",), ("rollback",), ("boot",)):
            with redirect_stdout(StringIO()):
                ground.typed(*words)()
        gc.collect()
        gc.freeze()

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def ground(self, name: str) -> Ground:
        """One of that name, as it was left."""
        if name not in self._grounds:
            self._grounds[name] = self._made(f"f{len(self._grounds)}", self.folder / f"state{len(self._grounds)}")
        self._grounds[name].use()
        return self._grounds[name]

    def on_a_disk(self, name: str) -> tuple[Disk, Ground]:
        """One whose state lies on a small disk of its own."""
        if name not in self._disks:
            disk = Disk(self.folder / f"disk{len(self._disks)}")
            self._ending.callback(disk.end)
            self._disks[name] = disk, self._made(f"d{len(self._disks)}", disk.state)
        disk, ground = self._disks[name]
        ground.use()
        return disk, ground

    def _made(self, name: str, state: Path) -> Ground:
        made = Ground(f"segt{os.getpid()}-{name}", state, self._fitness)
        self._ending.callback(made.end)
        return made

    def prepared(self, doing: Doing, ground: Ground | None = None) -> Ground:
        """A ground where that begins; one that was left in disorder begins anew."""
        ground = ground or self.ground(doing.name)
        ground.use()
        try:
            doing.prepare(ground)
        except (AssertionError, ValueError):
            ground.begin()
            doing.prepare(ground)
        return ground
