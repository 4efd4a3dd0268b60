"""Random rules as sites: packet by packet, the two decide alike but for what is named; a difference is a real one."""

import re
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from segctl.draft.result import Apart
from segctl.draft.rules import Imported
from segctl.listing import nft_text
from segctl.listing.rule import Ending, Listing
from segctl.model.packet import Packet, Way
from segctl.model.ranges import V6, parse_address
from segctl.policy import Policy
from segctl.prove import follow
from tests.imported import AWAKE, draft_of, imported, wanted

FACES = ("eth0", "eth1", "eth2")
BLOCKS = {
    4: ("10.1.0.0/16", "10.1.2.0/24", "10.2.0.0/16", "10.2.0.7", "192.0.2.0/25", "224.0.0.0/4", "198.51.100.9"),
    6: ("fd00:1::/64", "fd00:1::7", "fd00:2::/64", "fe80::/10"),
}
ADDRESSES = {
    4: ("10.1.0.1", "10.1.2.3", "10.2.0.7", "10.2.9.9", "192.0.2.5", "8.8.8.8", "224.0.0.5", "127.0.0.1"),
    6: ("fd00:1::7", "fd00:1::8", "fd00:2::2", "2001:db8::1", "fe80::1", "ff02::1"),
}
HOMES = {"eth1": "10.1.0.0/16 fd00:1::/64", "eth2": "10.2.0.0/16 fd00:2::/64"}
SERVICES = ("tcp dport 22", "tcp dport { 80, 443 }", "udp dport 1-1023", "meta l4proto tcp", "meta l4proto 47", "",
            "icmp type echo-request", "meta l4proto { 6, 17 }", "tcp dport != 25")  # fmt: skip
ENDINGS = ("accept", "accept", "drop", "reject", "jump more", "counter")
PROTOCOLS = (6, 6, 6, 17, 17, 47, 1, 58, 132, 0)
PORTS = (0, 22, 25, 80, 443, 512, 1023, 1024, 65535)


def rules(rng: Random, count: int, ending: bool = True, hook: str = "forward") -> str:
    lines = []
    for _ in range(count):
        kind = rng.choice((4, 4, 6))
        word = "ip" if kind == 4 else "ip6"
        parts = [f'iifname "{rng.choice(FACES)}"'] * (hook in ("forward", "input") and rng.random() < 0.3)
        parts += [f'oifname "{rng.choice(FACES)}"'] * (hook in ("forward", "output") and rng.random() < 0.2)
        parts += [f"{word} saddr {rng.choice(('', '!= '))}{rng.choice(BLOCKS[kind])}"] * (rng.random() < 0.6)
        parts += [f"{word} daddr {rng.choice(BLOCKS[kind])}"] * (rng.random() < 0.6)
        parts += [rng.choice(SERVICES), rng.choice(ENDINGS if ending else ENDINGS[:4])]
        lines.append(" ".join(part for part in parts if part))
    return "\n ".join(lines)


def random_rules(seed: int, hooks: tuple[str, ...] = ("forward",)) -> str:
    rng = Random(seed)
    chains = ""
    for name in hooks:
        hook = f"type filter hook {name} priority filter; policy {rng.choice(('drop', 'accept'))};"
        chains += f" chain {name[:3]} {{ {hook}\n ct state established accept\n {rules(rng, 9, hook=name)}\n }}\n"
    return f"table inet f {{\n chain more {{\n {rules(rng, 3, False, '')}\n }}\n{chains}}}\n"


def packet(rng: Random) -> Packet:
    kind = rng.choice((4, 4, 6))
    source, target = (parse_address(rng.choice(ADDRESSES[kind])) for _ in range(2))
    protocol = rng.choice(PROTOCOLS)
    own = {4: 1, 6: 58}[kind]
    head = {4: 8, 6: 128}[kind] << 8 if protocol == own else 40000
    iif, oif = (rng.choice((*FACES, "eth7")) for _ in range(2))
    return Packet(Way.FORWARD, iif, oif, source, target, protocol, head, rng.choice(PORTS), 0x02)


def on_purpose(policy: Policy, one: Packet, original: Ending | None, site: Ending | None) -> bool:
    """Written anew, from the law: a packet may differ for its interfaces, its addresses, or what it asks for."""
    faces = policy.site.points["this"].interfaces
    if one.iif not in faces or one.oif not in faces:
        return site is Ending.DROP
    if one.source in policy.special or one.destination in policy.special:
        return site is Ending.DROP
    ends = ((one.source, one.iif), (one.destination, one.oif))
    if any(policy.segment_of(address) not in faces[face].segments for address, face in ends):
        return site is Ending.DROP
    kind = 6 if one.source >= V6 else 4
    if one.protocol in (0, 43, 44, 60, {4: 58, 6: 1}[kind]):
        return site is not Ending.ACCEPT
    return one.protocol in (6, 17, 132) and one.tail == 0 and site is not Ending.ACCEPT


SHOWN = re.compile(r"(\S+) (\S+) > (\S+) (\S+), (\w+)/(\d+)(?: (?:from port|that begins with) (\d+))?$")
NUMBERS = {"tcp": 6, "udp": 17, "sctp": 132, "icmp4": 1, "icmp6": 58}


def shown(one: Apart) -> Packet:
    """The packet that a difference is told with."""
    found = SHOWN.match(one.packet)
    assert found, one.packet
    iif, source, oif, target, kind, number, port = found.groups()
    head, tail = int(port or 0), int(number)
    protocol = NUMBERS.get(kind, tail)
    if kind.startswith("icmp"):
        head, tail = tail << 8, 0
    return Packet(Way.FORWARD, iif, oif, parse_address(source), parse_address(target), protocol, head, tail, 0x02)


def both(one: Packet, original: Listing, site: Listing) -> tuple[Ending | None, Ending | None]:
    return follow(original, one).ending, follow(site, one, AWAKE).ending


def check(made: Imported, text: str, rng: Random, folder: Path) -> None:
    policy, site = draft_of(made, folder / "site")
    original = nft_text.parse(text)
    for apart in made.equality.differences:
        does, must = both(shown(apart), original, site)
        assert (str(does), str(must)) == (apart.rules, apart.site), apart
    for _ in range(150):
        one = packet(rng)
        does, must = both(one, original, site)
        if does is not must and not on_purpose(policy, one, does, must):
            assert made.equality.differences, (one, does, must)


@pytest.mark.parametrize("seed", range(4))
def test_as_they_stand(seed: int, tmp_path: Path) -> None:
    text = random_rules(seed)
    check(imported(tmp_path, text), text, Random(seed), tmp_path)


@pytest.mark.parametrize("seed", (100, 103, 104, 106))
def test_where_the_user_says_who_lives_where(seed: int, tmp_path: Path) -> None:
    """Then all of it is equal, but where a block that the rules tell apart has no home of its own."""
    text = random_rules(seed)
    made = imported(tmp_path, text, wanted({**HOMES, "eth0": "192.0.2.0/24"}))
    check(made, text, Random(seed), tmp_path)


def test_most_are_equal(tmp_path: Path) -> None:
    equal = [
        imported(tmp_path, random_rules(seed), wanted({**HOMES, "eth0": "192.0.2.0/24 198.51.100.0/24"})).equality.equal
        for seed in range(110, 113)
    ]
    assert sum(equal) >= 2, equal


@pytest.mark.soak
def test_many_rules_each_with_ranges_of_its_own(tmp_path: Path) -> None:
    """Among interfaces that are named, so that every line is one of a site."""
    lines = [f"ip saddr 10.1.{n}.0/24 ip daddr 10.2.{n % 9}.{n} tcp dport {1000 + n} accept" for n in range(250)]
    text = f"table inet f {{ chain f {{ type filter hook forward priority 0; policy drop; {'; '.join(lines)}; }}\n}}\n"
    made = imported(tmp_path, text, wanted(HOMES))
    assert made.equality.equal
    assert len(draft_of(made, tmp_path / "site")[0].site.flows) == 250


OWN = {"eth0": "192.0.2.1/24", "eth1": "10.1.0.9/16 fd00:1::9/64", "eth2": "10.2.0.9/16 fd00:2::9/64"}
OURS = {4: ("192.0.2.1", "10.1.0.9", "10.2.0.9"), 6: ("fd00:1::9", "fd00:2::9")}
NEEDED = {17: {67, 68, 546, 547}}
NEIGHBOURS = {130, 131, 132, 133, 134, 135, 136, 143}


def own_packet(rng: Random, way: Way) -> Packet:
    one = packet(rng)
    kind = 6 if one.source >= V6 else 4
    ours = parse_address(rng.choice(OURS[kind]))
    if way is Way.INPUT:
        return replace(one, way=way, oif="", destination=rng.choice((ours, ours, ours, one.destination)))
    return replace(one, way=way, iif="", source=rng.choice((ours, ours, ours, one.source)))


def own_on_purpose(policy: Policy, one: Packet, site: Ending | None) -> bool:
    """As `on_purpose`, for packets to and from the machine itself."""
    point = next(iter(policy.site.points.values()))
    ours = policy.hosts.get(point.name) or policy.gateways[point.name]
    near, far, face = (
        (one.destination, one.source, one.iif) if one.way is Way.INPUT else (one.source, one.destination, one.oif)
    )
    if near not in ours and near not in policy.special:
        return True  # nobody said that it is the machine's
    if site is Ending.ACCEPT:
        return one.tail in NEEDED.get(one.protocol, ()) or (one.protocol == 58 and one.head >> 8 in NEIGHBOURS)
    if near in policy.special or far in policy.special or far in ours:
        return site is Ending.DROP
    if point.interfaces and (
        face not in point.interfaces or policy.segment_of(far) not in point.interfaces[face].segments
    ):
        return site is Ending.DROP
    kind = 6 if one.source >= V6 else 4
    return one.protocol in (0, 43, 44, 60, {4: 58, 6: 1}[kind]) or (one.protocol in (6, 17, 132) and one.tail == 0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["gateway", "host"])
def test_the_machine_itself(kind: str, seed: int, tmp_path: Path) -> None:
    text = random_rules(seed, ("input", "output"))
    said = wanted({**HOMES, "eth0": "192.0.2.0/24"}, OWN) if kind == "gateway" else wanted(host="192.0.2.1 fd00:1::9")
    made = imported(tmp_path, text, said)
    policy, site = draft_of(made, tmp_path / "site")
    original, rng = nft_text.parse(text), Random(seed)
    for _ in range(150):
        one = own_packet(rng, rng.choice((Way.INPUT, Way.OUTPUT)))
        does, must = both(one, original, site)
        if does is not must and not own_on_purpose(policy, one, must):
            assert made.equality.differences, (one, does, must)
