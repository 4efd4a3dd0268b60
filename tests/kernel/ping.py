"""An echo request without `ping`, which not every machine has (RFC 792, RFC 4443)."""

import os
import socket
import struct
import time

from segctl.model.ranges import family, show_address
from segctl.model.service import ICMP, ICMP6
from segctl.runner import Runner


def answers(runner: Runner, address: int, seconds: float = 2.0) -> bool:
    """Whether an echo request from the runner's place to `address` is answered in time; it is sent once."""
    version = family(address)
    with runner.inside():
        channel = (
            socket.socket(socket.AF_INET, socket.SOCK_RAW, ICMP)
            if version == 4
            else socket.socket(socket.AF_INET6, socket.SOCK_RAW, ICMP6)
        )
    with channel:
        token = os.urandom(16)
        request = struct.pack(">BBHHH", 8 if version == 4 else 128, 0, 0, os.getpid() & 0xFFFF, 1) + token
        if version == 4:  # the kernel fills in the checksum of ICMPv6
            request = request[:2] + struct.pack(">H", _checksum(request)) + request[4:]
        try:
            channel.sendto(request, (show_address(address), 0))
        except OSError:
            return False
        until = time.monotonic() + seconds
        while (rest := until - time.monotonic()) > 0:
            channel.settimeout(rest)
            try:
                received = channel.recv(2048)
            except TimeoutError:
                return False
            icmp = received[(received[0] & 15) * 4 :] if version == 4 else received
            if icmp[0] == (0 if version == 4 else 129) and icmp[8:] == token:
                return True
        return False


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
