"""A frame's fields in nft's words, read from its bytes (RFC 791, 8200, 9293, 768, 792, 4443 …)."""

import socket
from collections.abc import Iterable

Facts = dict[str, int]
_PORTED = {6: "tcp", 17: "udp", 33: "dccp", 132: "sctp", 136: "udplite"}
_EXTENSIONS = {0: "hbh", 43: "rt", 44: "frag", 60: "dst"}


def number(data: bytes) -> int:
    return int.from_bytes(data)


def packed(address: str) -> int:
    return number(socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address))


def facts(
    frame: bytes, iif: str, local: Iterable[int] = (), broadcast: Iterable[int] = (), payload: bool = False
) -> Facts:
    """The fields of a frame that came in by `iif`; `local`, `broadcast` are the machine's own addresses.

    `payload`: what a later fragment carries is read as a transport header, as nf_tables' own expressions do it
    (nft_payload_fast_eval of Linux 6.18 doesn't ask whether there is one).
    """
    packet = frame[14:]
    out = {
        "ether daddr": number(frame[:6]), "ether saddr": number(frame[6:12]),
        "meta iifname": number(iif.encode().ljust(16, b"\0")), "meta oifname": 0, "meta mark": 0, "meta iifgroup": 0,
        "meta pkttype": 1 if frame[:6] == b"\xff" * 6 else 2 if frame[0] & 1 else 0,
        "ct state": 64,
    }  # fmt: skip
    out |= (
        _four(packet, set(local), set(broadcast), payload) if packet[0] >> 4 == 4 else _six(packet, set(local), payload)
    )
    return out


def _four(packet: bytes, local: set[int], broadcast: set[int], payload: bool) -> Facts:
    out = {
        "ip saddr": number(packet[12:16]), "ip daddr": number(packet[16:20]), "ip ttl": packet[8],
        "ip dscp": packet[1] >> 2, "ip ecn": packet[1] & 3, "ip frag-off": number(packet[6:8]),
        "meta l4proto": packet[9], "meta length": number(packet[2:4]),
    }  # fmt: skip
    for end in ("saddr", "daddr"):
        address = out[f"ip {end}"]
        kind = 2 if address in local else 3 if address in broadcast else 5 if address >> 28 == 14 else 1
        out[f"fib {end} type"] = kind
    if payload or not out["ip frag-off"] & 0x1FFF:
        out |= _transport(packet[9], packet[(packet[0] & 15) * 4 :])
    return out


def _six(packet: bytes, local: set[int], payload: bool) -> Facts:
    service = number(packet[:2]) >> 4 & 0xFF
    out = {
        "ip6 saddr": number(packet[8:24]), "ip6 daddr": number(packet[24:40]), "ip6 hoplimit": packet[7],
        "ip6 dscp": service >> 2, "ip6 ecn": service & 3, "meta length": number(packet[4:6]) + 40,
    }  # fmt: skip
    for end in ("saddr", "daddr"):
        out[f"fib {end} type"] = 2 if out[f"ip6 {end}"] in local else 1
    kind, rest, first = packet[6], packet[40:], True
    while kind in _EXTENSIONS and first:
        name = _EXTENSIONS[kind]
        if name == "frag":
            out |= {"frag id": number(rest[4:8]), "frag frag-off": number(rest[2:4]) >> 3}
            out["frag more-fragments"] = rest[3] & 1
            first = not out["frag frag-off"]
        if name == "rt":
            out |= {"rt type": rest[2], "rt seg-left": rest[3]}
        if not first and payload:  # the offset of the transport header is then 0: the IP header is read
            return out | {"meta l4proto": rest[0]} | _transport(rest[0], packet)
        size = 8 if name == "frag" else rest[1] * 8 + 8
        kind, rest = rest[0], rest[size:]
    out["meta l4proto"] = kind
    return out | (_transport(kind, rest) if first else {})


def _transport(kind: int, data: bytes) -> Facts:
    out = {"th sport": number(data[:2]), "th dport": number(data[2:4])} if len(data) >= 4 else {}
    if kind in _PORTED:
        out |= {f"{_PORTED[kind]} {end}": out[f"th {end}"] for end in ("sport", "dport")}
    if kind == 6:
        out["tcp flags"] = data[13]
        kinds = _tcp_options(data[20 : (data[12] >> 4) * 4])
        names = {2: "maxseg", 3: "window", 4: "sack-perm", 8: "timestamp"}
        out |= {f"tcp option {name}": int(kind in kinds) for kind, name in names.items()}
    if kind == 33:
        out["dccp type"] = data[8] >> 1 & 15
    if kind in (1, 58):
        layer = "icmp" if kind == 1 else "icmpv6"
        out |= {f"{layer} type": data[0], f"{layer} code": data[1]}
    if kind == 50:
        out["esp spi"] = number(data[:4])
    if kind == 51:
        out["ah spi"] = number(data[4:8])
    if kind == 108:
        out["comp cpi"] = number(data[2:4])
    return out


def _tcp_options(data: bytes) -> set[int]:
    out = set()
    while data:
        out.add(data[0])
        if data[0] == 0:
            break
        data = data[1 if data[0] == 1 else max(2, data[1]) :]
    return out
