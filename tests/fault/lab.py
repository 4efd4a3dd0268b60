"""Where one process tries its faults: grounds that go from one fault to the next."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.fault.doings import Doing
from tests.fault.ground import Ground


class Lab:
    """Grounds by name, each in a namespace that ends with the lab. `folder`: for whatever a fault needs."""

    def __init__(self, folder: Path, fitness: bytes) -> None:
        self.folder, self._fitness = folder, fitness
        self._grounds: dict[str, Ground] = {}
        self._ending = ExitStack()
        self.durations: dict[str, tuple[float, ...]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def ground(self, name: str) -> Ground:
        """One of that name, as it was left."""
        if name not in self._grounds:
            made = Ground(
                f"segt{os.getpid()}-f{len(self._grounds)}", self.folder / f"state{len(self._grounds)}", self._fitness
            )
            self._ending.callback(made.end)
            self._grounds[name] = made
        self._grounds[name].use()
        return self._grounds[name]

    def prepared(self, doing: Doing) -> Ground:
        """A ground where that begins; one that was left in disorder begins anew."""
        ground = self.ground(doing.name)
        try:
            doing.prepare(ground)
        except (AssertionError, ValueError):
            ground.begin()
            doing.prepare(ground)
        return ground
