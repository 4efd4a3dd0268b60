"""What somebody can do where nothing of ours is live, though something was: another tool's `nft flush ruleset`."""

from contextlib import suppress

from segctl.store import State, StoreError


def way_on(state: State | None) -> str:
    """How a generation comes to be live, in words: at once, where one is loaded at boot."""
    confirmed = None
    with suppress(StoreError):
        confirmed = state.standing().confirmed if state is not None else None
    if confirmed is None:
        return "`segctl apply` makes one live"
    return f"`segctl boot` loads generation {confirmed} again at once, with no site; `segctl apply` from the site"
