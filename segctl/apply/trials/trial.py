"""One fact of this kernel and its nft that our rules rely on, and what came of trying it."""

from collections.abc import Callable
from dataclasses import dataclass

from segctl.apply.result import Fitness, Tried
from segctl.compile import render_trial
from segctl.kernel import nft
from segctl.kernel.bench import Bench, BenchLost, bench
from segctl.kernel.errors import KernelError, KernelRefused, NoPrivilege, NotUnderstood, ToolCrashed
from segctl.kernel.scratch import in_scratch
from segctl.runner import Runner, RunnerError

SLOT, OTHER = "segctl_a", "segctl_b"
"""The tables of a trial have the names of ours: no other text than ours is tried, and nothing else is there."""

PATIENCE = 2.0
"""Seconds after which what should have come by itself is taken for not coming."""


class Broken(Exception):
    """The fact doesn't hold; the message says what was seen instead."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A fact: its name, what it is, what becomes of us without it, what mends that.

    `run` tries it in a namespace that is its own and ends with it; it raises Broken, or what the kernel refused.
    """

    name: str
    fact: str
    without: str
    mends: str
    run: Callable[[Runner], None]


def attempt(trial: Trial) -> Tried:
    """Try it, whatever comes of it. What is refused or not understood is the fact's, all else leaves it open."""
    begun: list[Runner] = []

    def run(runner: Runner) -> None:
        begun.append(runner)
        trial.run(runner)

    try:
        in_scratch(run)
    except (NoPrivilege, BenchLost) as error:
        return _came_to(trial, Fitness.UNTRIED, _told(error))
    except (Broken, KernelRefused, NotUnderstood, ToolCrashed) as error:
        return _came_to(trial, Fitness.FAILS if begun else Fitness.UNTRIED, _told(error))
    except (KernelError, RunnerError, OSError) as error:
        return _came_to(trial, Fitness.UNTRIED, _told(error))
    return _came_to(trial, Fitness.HOLDS, "")


def _told(error: Exception) -> str:
    """Its first line: nft shows the rules that it refuses below."""
    return str(error).partition("\n")[0]


def _came_to(trial: Trial, found: Fitness, said: str) -> Tried:
    return Tried(trial.name, trial.fact, found, said, trial.without, trial.mends)


def on_bench(template: str, look: Callable[[Bench], None], **what: object) -> Callable[[Runner], None]:
    """A trial that loads one template's rules, and then looks at what packets they let through."""

    def run(runner: Runner) -> None:
        with bench(runner) as gateway:
            nft.load(runner, render_trial(template, SLOT, **what))
            look(gateway)

    return run


def expect(held: object, otherwise: str) -> None:
    """Broken if it isn't so."""
    if not held:
        raise Broken(otherwise)
