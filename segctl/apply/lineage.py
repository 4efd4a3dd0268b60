"""Whose rules may follow those that are live: the same site's, of a commit that descends from theirs."""

from contextlib import suppress

from segctl.apply.result import CannotApply
from segctl.apply.slots import Slots
from segctl.runner import Runner
from segctl.store import Damaged, Source, State
from segctl.store.origin import descends


def demand_descent(runner: Runner, state: State, slots: Slots, source: Source, point: str) -> None:
    """CannotApply if a site isn't the one that is live, or doesn't descend from its commit."""
    live = slots.live
    if live is None or live.generation is None:
        return
    about = None
    with suppress(Damaged):
        about = state.generations.about(live.generation)
    if about is None:
        raise CannotApply(
            f"generation {live.generation} is live on {runner.where}, and nothing that is kept says where it came from",
            "`--replace REASON` replaces it, if that is meant",
        )
    if (about.site, about.point) != (source.site, point):
        raise CannotApply(
            f"{runner.where} is point '{about.point}' of site '{about.site}', not '{point}' of '{source.site}'",
            "`--replace REASON` replaces it, if that is meant",
        )
    before, folder = about.commit.name, source.folder
    if before and not (folder is not None and descends(folder, before)):
        now = f"commit {source.commit.name[:12]}" if source.commit.name else "no commit"
        raise CannotApply(
            f"the site, at {now}, doesn't descend from commit {before[:12]}, which is live on {runner.where}",
            "merge or pull first; `--replace REASON` replaces it, if that is meant",
        )
