"""One change at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

from segctl.runner import Runner
from segctl.store import State, locked, state_of


@contextmanager
def alone(runner: Runner, doing: str, wait: float = 0.0) -> Iterator[State]:
    """The point's state, while nobody else changes it: Busy if somebody does for longer than `wait` seconds."""
    with state_of(runner) as state:
        assert state is not None
        with locked(state.folder, doing, wait):
            yield state
