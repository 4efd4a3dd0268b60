"""The way to the second engine: only where its library is installed, and loaded only when it is asked."""

from datetime import datetime
from typing import TYPE_CHECKING

from segctl.listing.rule import Listing
from segctl.model.point import Point
from segctl.policy import Policy
from segctl.prove.unanswered import TooLarge

if TYPE_CHECKING:
    from segctl.prove.bdd.proof import Answer


def by_diagrams(
    listing: Listing, policy: Policy, point: Point, at: datetime, awake: dict[tuple[str, str], bool] | None
) -> "Answer":
    """What the diagrams say of a point (`segctl.prove.bdd`). TooLarge if there are none, or if they don't hold it."""
    try:
        from segctl.prove.bdd.proof import compared
    except ImportError as error:
        if error.name is None or error.name.partition(".")[0] != "oxidd":
            raise
        raise TooLarge(
            "the rules tell too many packets apart for the class engine, and the other engine isn't installed",
            "pip install 'segctl[bdd]', which is the package oxidd",
        ) from error
    return compared(listing, policy, point, at, awake)
