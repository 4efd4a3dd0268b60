"""What sets of addresses are called, and hops between them."""

from dataclasses import dataclass

from segctl.model.decision import Outcome
from segctl.model.ranges import Ranges


@dataclass(frozen=True, slots=True)
class Called:
    """A set of addresses as people call it.

    wholes: segments and endpoints that lie in it with all their addresses, or `any`. parts: of other segments what they
    hold of the rest; special addresses under no name. halved: of some that are whole it has all addresses of one
    family, and none of the other.
    """

    wholes: tuple[str, ...]
    parts: tuple[tuple[str, Ranges], ...] = ()
    halved: bool = False


@dataclass(frozen=True, slots=True)
class Passing:
    """Some services, and what lets them pass."""

    traffic: Ranges
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a way: from and to as people write them, over what, and what lets each service pass."""

    source: str
    destination: str
    services: tuple[Passing, ...]
