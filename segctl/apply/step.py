"""A change as a list of named steps, each with the act that takes it back, also from half-way."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Generic, TypeVar

J = TypeVar("J")


@dataclass(frozen=True, slots=True)
class Step(Generic[J]):
    """One act on a point, and the act that takes it back."""

    name: str
    do: Callable[[J], None]
    undo: Callable[[J], None]


def nothing(job: object) -> None:
    """The undoing of a step that changes nothing."""


def run(steps: Sequence[Step[J]], job: J, told: Callable[[str], None]) -> None:
    """Take every step, or leave the point as it was."""
    with ExitStack() as undo:
        for step in steps:
            told(step.name)
            undo.callback(step.undo, job)  # before `do`: what fails half-way is undone as well
            step.do(job)
        undo.pop_all()  # all is done: keep it
