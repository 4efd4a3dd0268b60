"""Whether this machine is fit for our rules: all facts tried, none hidden by another."""

from collections.abc import Callable, Iterable

from segctl.apply.result import CannotApply, Fitness, Tried
from segctl.apply.step import nothing
from segctl.apply.trials.catalogue import TRIALS
from segctl.apply.trials.trial import Trial, attempt


def try_all(trials: Iterable[Trial] = TRIALS, told: Callable[[str], None] = nothing) -> tuple[Tried, ...]:
    """Try each; `told` hears the name of each before it is tried."""
    out = []
    for trial in trials:
        told(trial.name)
        out.append(attempt(trial))
    return tuple(out)


def demand_fitness(trials: Iterable[Trial] = TRIALS) -> tuple[Tried, ...]:
    """CannotApply if a fact doesn't hold, or couldn't be tried; it names each."""
    tried = try_all(trials)
    unfit = [one for one in tried if one.found is not Fitness.HOLDS]
    if unfit:
        named = "; ".join(f"{one.name} ({one.found}): {one.said}" for one in unfit)
        mends = " · ".join(dict.fromkeys(one.mends for one in unfit))
        raise CannotApply(
            f"this machine can't do what our rules rely on: {named}", f"{mends}; `segctl doctor` tells more"
        )
    return tried
