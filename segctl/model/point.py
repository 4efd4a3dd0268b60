"""Enforcement points: gateways with their interfaces, and hosts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from segctl.model.ranges import Ranges, prefix
from segctl.model.segment import Waivers
from segctl.model.span import Span


class PointKind(StrEnum):
    """A gateway filters what it forwards and its own input and output; a host its own input and output."""

    GATEWAY = "gateway"
    HOST = "host"


@dataclass(frozen=True, slots=True, order=True)
class InterfaceAddress:
    """One of a gateway's own addresses with the length of its network, as `10.0.1.1/24`."""

    address: int
    length: int

    def network(self) -> tuple[int, int]:
        """First and last address of the network on this link."""
        return prefix(self.address, self.length)


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface of a gateway: the segments that live behind it, our addresses there, our link-local protocols."""

    name: str
    span: Span
    segments: tuple[str, ...]
    addresses: tuple[InterfaceAddress, ...] = ()
    links: tuple[str, ...] = ()
    waive: Waivers = ()
    segment_spans: tuple[Span, ...] = ()

    def networks(self) -> Ranges:
        """Every address of the networks declared on this link."""
        return Ranges.of(address.network() for address in self.addresses)

    def own(self) -> Ranges:
        """Our own declared addresses here."""
        return Ranges.of((address.address, address.address) for address in self.addresses)

    def waives(self, code: str) -> bool:
        return any(waiver.code == code for waiver in self.waive)


@dataclass(frozen=True, slots=True)
class Point:
    """Where rules are loaded (NIST SP 800-207: a policy enforcement point)."""

    name: str
    span: Span
    kind: PointKind
    interfaces: Mapping[str, Interface] = field(default_factory=dict)
    endpoint: str | None = None
    target: str = "nftables"
    where: str = "local"
    ha: str | None = None
    waive: Waivers = ()

    def own(self) -> Ranges:
        """All declared addresses of a gateway (a host's are its endpoint's)."""
        out = Ranges()
        for interface in self.interfaces.values():
            out = out | interface.own()
        return out
