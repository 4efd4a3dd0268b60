"""Which segments a set of addresses touches."""

from collections.abc import Callable

from segctl.model.ranges import Ranges
from segctl.policy.partition import Partition


def touched(partition: Partition, addresses: Ranges) -> frozenset[str]:
    """The names of all segments that own at least one of these addresses."""
    return frozenset(partition.owner.names_in(addresses))


def remembering(partition: Partition) -> Callable[[Ranges], frozenset[str]]:
    """The same, each set looked at once: thousands of flows share one. By identity, so the sets must live on."""
    known: dict[int, frozenset[str]] = {}

    def touches(addresses: Ranges) -> frozenset[str]:
        if id(addresses) not in known:
            known[id(addresses)] = touched(partition, addresses)
        return known[id(addresses)]

    return touches
