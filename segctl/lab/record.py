"""A lab as JSON, so that a later command finds what an earlier one made: nodes, ports, notes; no routes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from segctl.lab.topology import Gateway, Host, Layout, Nic, Node, Port, Proto
from segctl.model.point import InterfaceAddress
from segctl.model.ranges import parse_address, show_address

SCHEMA = "segctl/lab/1"


@dataclass(frozen=True, slots=True)
class Record:
    """What stands (`up`), or was about to be made when its maker was killed."""

    lab: str
    switch: str
    gateways: tuple[Gateway, ...]
    hosts: tuple[Host, ...]
    ports: tuple[Port, ...]
    notes: tuple[str, ...]
    site: str
    hosts_per_segment: int
    up: bool = False

    @classmethod
    def of(cls, made: Layout, *, up: bool = False) -> "Record":
        """Of a layout."""
        gateways = tuple(replace(gateway, routes=()) for gateway in made.gateways)
        hosts = tuple(replace(host, routes=()) for host in made.hosts)
        return cls(
            made.lab, made.switch, gateways, hosts, made.ports, made.notes, made.site, made.hosts_per_segment, up
        )

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Gateways, then hosts."""
        return (*self.gateways, *self.hosts)

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Every namespace, the one with the bridges first."""
        return (self.switch, *(node.namespace for node in self.nodes))


def to_json(record: Record) -> dict[str, object]:
    """As it stands in lab.json."""
    return {
        "schema": SCHEMA,
        "lab": record.lab,
        "up": record.up,
        "site": record.site,
        "hosts_per_segment": record.hosts_per_segment,
        "switch": record.switch,
        "gateways": [
            {"name": g.name, "namespace": g.namespace, "point": g.point, "interfaces": [_nic(nic) for nic in g.nics]}
            for g in record.gateways
        ],
        "hosts": [
            {
                "name": host.name,
                "namespace": host.namespace,
                "segment": host.segment,
                "home": host.home,
                "endpoint": host.endpoint,
                "interface": _nic(host.nic),
            }
            for host in record.hosts
        ],
        "ports": [str(port) for port in record.ports],
        "notes": list(record.notes),
    }


def from_json(said: Mapping[str, Any]) -> Record:
    """The way back; KeyError or ValueError if it isn't whole."""
    if said["schema"] != SCHEMA:
        raise ValueError(f"no {SCHEMA}")
    gateways = [
        Gateway(g["name"], g["namespace"], g["point"], tuple(_read_nic(nic) for nic in g["interfaces"]))
        for g in said["gateways"]
    ]
    return Record(
        said["lab"],
        said["switch"],
        tuple(gateways),
        tuple(_read_host(host) for host in said["hosts"]),
        tuple(_read_port(port) for port in said["ports"]),
        tuple(said["notes"]),
        said["site"],
        said["hosts_per_segment"],
        said["up"],
    )


def _nic(nic: Nic) -> dict[str, object]:
    addresses = [f"{show_address(a.address)}/{a.length}" for a in nic.addresses]
    return {"name": nic.name, "lan": nic.lan, "mac": nic.mac, "addresses": addresses}


def _read_nic(said: Mapping[str, Any]) -> Nic:
    pairs = [text.split("/") for text in said["addresses"]]
    addresses = tuple(InterfaceAddress(parse_address(address), int(length)) for address, length in pairs)
    return Nic(said["name"], said["lan"], said["mac"], addresses)


def _read_host(said: Mapping[str, Any]) -> Host:
    nic = _read_nic(said["interface"])
    addresses = tuple(a.address for a in nic.addresses)
    return Host(
        said["name"], said["namespace"], said["segment"], said["home"], nic.lan, addresses, nic, said["endpoint"]
    )


def _read_port(text: str) -> Port:
    proto, _, number = text.partition("/")
    return Port(Proto(proto), int(number))
