"""Trials of look-ups: from addresses to classes, from classes to what is done."""

import socket
from dataclasses import dataclass
from typing import Any

from segctl.apply.trials.trial import SLOT, expect
from segctl.compile import render_trial
from segctl.compile.ruleset import Level, Lookup, Stage
from segctl.compile.tokens import Name
from segctl.kernel import nft
from segctl.kernel.bench import FAR, NEAR, Bench, behind, bench, own
from segctl.kernel.frames import SYN, body, echo, tcp, udp
from segctl.model.ranges import show_address
from segctl.runner import Runner

_PORT, _OTHER_PORT = 7, 11
_ZONES = ((Level.ZONE, Level.ZONE),)


@dataclass(frozen=True, slots=True)
class Classes:
    """What the macro `classify` asks of a ruleset."""

    world: int = 0xF0000
    own: int = 0xE0000

    def has(self, name: str) -> bool:
        """It has all maps."""
        return True


def stage(*kinds: str) -> Stage:
    """Look-ups of these kinds by both ends' zones."""
    return Stage(Name("flow"), tuple(Lookup(Name(f"flow_{kind}"), None, kind, _ZONES) for kind in kinds))


def _datagram(port: int, version: int = 4, source: int | None = None) -> bytes:
    return udp(behind(NEAR, version) if source is None else source, behind(FAR, version), 4000, port)


def classes(gateway: Bench) -> None:
    """Ranges of addresses lead to classes, in both families and both registers; a miss leaves the default."""
    for version in (4, 6):
        expect(gateway.crosses(_datagram(_PORT, version)), f"IPv{version}: an address isn't found in its range")
        outside = behind(NEAR, version) + (0x80 if version == 4 else 0x10000)
        crosses = gateway.crosses(_datagram(_PORT, version, outside))
        expect(not crosses, f"IPv{version}: an address is found in a range that it isn't in")


def masked_key(gateway: Bench) -> None:
    """Both ends are masked within the key."""
    for version in (4, 6):
        expect(gateway.crosses(_datagram(_PORT, version)), "a key with masked parts misses its element")
        expect(not gateway.crosses(_datagram(_OTHER_PORT, version)), "a key with masked parts hits another's element")


def icmp_types(gateway: Bench) -> None:
    """ICMP is looked up by its type."""
    for version in (4, 6):
        asked = echo(behind(NEAR, version), behind(FAR, version), 1)
        expect(gateway.crosses(asked), f"IPv{version}: an echo request misses its type's element")
        expect(not gateway.crosses(_datagram(_PORT, version)), f"IPv{version}: a datagram has an ICMP type")


def counters(runner: Runner) -> None:
    """Each element counts what hits it."""
    with bench(runner) as gateway:
        nft.load(runner, render_trial("lookups", SLOT, stage=stage("port")))
        for port in (_PORT, _OTHER_PORT, _PORT):
            gateway.crosses(_datagram(port))
        counted = _counted(nft.list_table_json(runner, SLOT)["nftables"], "flow_port")
        expect(counted == 2, f"of two hits an element counted {counted}")


def _counted(said: list[dict[str, Any]], name: str) -> int | None:
    """What the one element of a map counted; None if it has no counter."""
    found: list[Any] = next((one["map"].get("elem", []) for one in said if one.get("map", {}).get("name") == name), [])
    for key, _ in found:
        if isinstance(key, dict) and "counter" in key.get("elem", {}):
            return int(key["elem"]["counter"]["packets"])
    return None


def verdicts(gateway: Bench) -> None:
    """A map leads to a chain, by jump and by goto."""
    for version in (4, 6):
        ends = behind(NEAR, version), behind(FAR, version), 4000
        expect(gateway.crosses(udp(*ends, 9)), f"IPv{version}: a jump doesn't reach the chain's range of ports")
        expect(gateway.crosses(udp(*ends, 8)), f"IPv{version}: a jump doesn't come back to the next rule")
        expect(gateway.crosses(tcp(*ends, 7, SYN)), f"IPv{version}: a goto doesn't reach the chain")
        expect(not gateway.crosses(tcp(*ends, 8, SYN)), f"IPv{version}: a goto comes back to the next rule")


def own_packets(gateway: Bench) -> None:
    """What comes to us has no interface of leaving, what we send none of arrival."""
    there = own(NEAR), behind(NEAR)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.bind((show_address(there[0]), _PORT))
        gateway.send(udp(there[1], there[0], 4000, _PORT))
        try:
            ours.recv(64, socket.MSG_DONTWAIT)
        except BlockingIOError:
            expect(False, "a packet to the machine itself has an interface of leaving")
        try:
            ours.sendto(b"", (show_address(there[1]), _PORT))
        except PermissionError:
            expect(False, "a packet of the machine itself has an interface of arrival")
        expect(_sent_from(gateway, _PORT), "a packet of the machine itself is lost")


def _sent_from(gateway: Bench, port: int) -> bool:
    inner = (body(packet)[1] for packet in gateway.send(None)[NEAR])
    return any(int.from_bytes(one[:2], "big") == port for one in inner)
