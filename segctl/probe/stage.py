"""Where a probe plays: the machines that it may send from and listen on, whoever made them."""

from dataclasses import dataclass
from functools import cached_property

from segctl.model.point import InterfaceAddress
from segctl.model.ranges import family
from segctl.runner import Runner


@dataclass(frozen=True, slots=True)
class Node:
    """One machine: its name, where its sockets are opened, and those of its addresses that are tried.

    `point` names the enforcement point whose rules are (or should be) loaded on it: what arrives on its wire has then
    not yet been received, for its own input hook stands between. `lan` is where a host stands, by any name: a segment
    is tried from each LAN on which it has hosts.
    """

    name: str
    runner: Runner
    addresses: tuple[InterfaceAddress, ...]
    point: str | None = None
    gateway: bool = False
    lan: str = ""

    @property
    def filters(self) -> bool:
        """Whether a filter of ours may stand on the machine itself."""
        return self.point is not None

    def address_towards(self, address: int) -> int | None:
        """The own address that this machine would speak from: on the same network, else the first of the family."""
        same = [own for own in self.addresses if family(own.address) == family(address)]
        for own in same:
            first, last = own.network()
            if first <= address <= last:
                return own.address
        return same[0].address if same else None


@dataclass(frozen=True)
class Stage:
    """All machines between which packets are tried; names are unique.

    They are there to be tried: a run clears what they track of protocols without ports (see forget).
    """

    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        if len(self.by_name) != len(self.nodes):
            raise ValueError("two machines of one name")

    @cached_property
    def by_name(self) -> dict[str, Node]:
        """Each machine by its name."""
        return {node.name: node for node in self.nodes}

    @property
    def hosts(self) -> tuple[Node, ...]:
        """The machines that forward nothing."""
        return tuple(node for node in self.nodes if not node.gateway)

    @property
    def gateways(self) -> tuple[Node, ...]:
        """The machines that forward."""
        return tuple(node for node in self.nodes if node.gateway)
