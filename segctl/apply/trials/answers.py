"""Trials of what rules say: refusals and their way out, and the log."""

import struct

from segctl.apply.trials.trial import SLOT, expect
from segctl.compile import render_trial
from segctl.kernel import nft
from segctl.kernel.bench import FAR, NEAR, Bench, behind, bench
from segctl.kernel.frames import RST, SYN, body, tcp, udp
from segctl.kernel.nflog import listening
from segctl.model.service import ICMP, ICMP6, TCP
from segctl.runner import Runner

GROUP = 7
_PREFIX = "segctl refused "
_LOGGED_PORT = 7
_SOON = 0.5
_RESET = "reset", RST, 0
_PROHIBITED = {4: ("ICMP error", 3, 13), 6: ("ICMP error", 1, 1)}  # type, code (RFC 1812, 5.2.7.1; RFC 4443, 3.1)


def refusals(gateway: Bench) -> None:
    """A refused packet is answered, and the answer passes our own output."""
    for version in (4, 6):
        ends = behind(NEAR, version), behind(FAR, version), 4000, 7
        for packet, answer in ((tcp(*ends, SYN), _RESET), (udp(*ends), _PROHIBITED[version])):
            seen = gateway.send(packet)
            expect(body(packet) not in map(body, seen[FAR]), f"IPv{version}: what is refused passes")
            said = answer in map(_as_answer, seen[NEAR])
            expect(said, f"IPv{version}: no {answer[0]} came to who was refused")


def _as_answer(packet: bytes) -> tuple[str, int, int]:
    """What it is, if it is an answer to a refusal."""
    protocol, inner = body(packet)
    if protocol == TCP:
        return "reset", inner[13] & RST, 0
    return ("ICMP error" if protocol in (ICMP, ICMP6) else "", *struct.unpack_from("BB", inner))


def log(runner: Runner) -> None:
    """What is logged comes to who listens, with its prefix."""
    with bench(runner) as gateway, listening(runner, GROUP) as heard:
        nft.load(runner, render_trial("logged", SLOT))
        for version in (4, 6):
            logged = udp(behind(NEAR, version), behind(FAR, version), 4000, _LOGGED_PORT)
            expect(not gateway.crosses(logged), f"IPv{version}: a packet passes that is logged and dropped")
            expect(next(heard.prefixes(_SOON), None) == _PREFIX, f"IPv{version}: nothing came to log group {GROUP}")
