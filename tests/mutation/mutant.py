"""What a mutant is, and how kinds of them are told and drawn."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from segctl.model.ranges import V6
from tests.mutation.ground import Asked
from tests.mutation.tables import Item, Table
from tests.mutation.targets import Aim, addresses_in
from tests.packets.truth.bodies import ICMP, ICMP6, TCP, UDP

_PORTS = re.compile(r"th [sd]port \{([^}]*)\}")
_PROTOCOL = re.compile(r"meta l4proto (\d+|tcp|udp)")
_MARK = re.compile(r"0x[0-9a-f]{8}\b")
_TYPES = re.compile(r"(icmp|icmpv6) type \{([^}]*)\}")
_NAMED = {"tcp": TCP, "udp": UDP}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: its kind, the change in words, the table that it makes, where packets should look."""

    kind: str
    words: str
    table: Table
    aim: Aim = field(default_factory=Aim)

    @property
    def legacy(self) -> bool:
        """Whether `nft flush ruleset` leaves something of it behind."""
        return any("legacy" in argv[0] for argv in self.table.commands)


Maker = Callable[[Table, Random], Mutant | None]
"""Makes one mutant of its kind by chance; None if this table has nothing for it."""
MAKERS: dict[str, Maker] = {}


def kind(name: str) -> Callable[[Maker], Maker]:
    """Enters a maker under the name of its kind."""

    def enter(maker: Maker) -> Maker:
        assert name not in MAKERS
        MAKERS[name] = maker
        return maker

    return enter


def drawn(table: Table, name: str, seed: str, each: int, kinds: Sequence[str] | None = None) -> Iterator[Mutant]:
    """Of each kind so many mutants that differ, or as many as there are; the same for the same seed."""
    for one in kinds or list(MAKERS):
        chosen = Random(f"{seed}/{name}/{one}")
        seen: set[str] = set()
        for _ in range(each * 6):
            made = MAKERS[one](table, chosen)
            if made is not None and made.words not in seen and len(seen) < each:
                seen.add(made.words)
                yield made


def rule_aim(*rules: str) -> Aim:
    """What rules name: addresses, ports, ICMP types, numbers."""
    addresses: list[int] = []
    services: list[Asked] = []
    numbers: list[int] = []
    for rule in rules:
        found = addresses_in(rule)
        addresses += found[:12] if len(found) <= 12 else found[:: max(1, len(found) // 12)][:12]
        protocols = [_NAMED.get(word) or int(word) for word in _PROTOCOL.findall(rule)] or [TCP, UDP]
        for ports in _PORTS.findall(rule):
            ends = [int(end) for port in ports.split(",") for end in port.strip().split("-")]
            services += [(protocol, end) for protocol in protocols for end in ends]
        for family, types in _TYPES.findall(rule):
            number = ICMP if family == "icmp" else ICMP6
            services += [(number, int(one)) for one in types.split(",") if one.strip().isdigit()]
        numbers += [
            int(word, 16) for word in _MARK.findall(rule) if word[2:] not in ("7fffffff", "ffff0000", "80000000")
        ]
    return Aim(
        tuple(dict.fromkeys(addresses))[:16], tuple(dict.fromkeys(services))[:8], tuple(dict.fromkeys(numbers))[:2]
    )


def item_aim(table: Table, name: str, *items: Item) -> Aim:
    """What elements of a set name."""
    aims = [_item_aim(table, table.groups[name].fields, item) for item in items]
    return Aim(
        tuple(dict.fromkeys(a for aim in aims for a in aim.addresses)),
        tuple(dict.fromkeys(s for aim in aims for s in aim.services)),
        tuple(dict.fromkeys(n for aim in aims for n in aim.numbers))[:3],
        tuple(dict.fromkeys(w for aim in aims for w in aim.ways)),
        tuple(dict.fromkeys(n for aim in aims for n in aim.kin))[:8],
    )


def _item_aim(table: Table, fields: Sequence[str], item: Item) -> Aim:
    by = dict(zip(fields, (*item.key, item.value or ""), strict=False))
    if "*" in item.key:
        return Aim()
    faces = [item.key[at].strip('"') for at, field in enumerate(fields) if field in ("iifname", "oifname")]
    ways = ((faces[0], faces[1]), (faces[1], faces[0])) if len(faces) == 2 else ((faces[0], faces[0]),) if faces else ()
    if "ip saddr" in by or "ip6 saddr" in by:
        return Aim(addresses_in(by.get("ip saddr") or by["ip6 saddr"]))
    if "ct mark" in by:
        number = int(by["ct mark"], 16) & 0x7FFFFFFF
        return Aim(numbers=(number,), ways=ways, kin=_kin(table, number))
    if "th dport" in by and by["meta l4proto"].isdigit() and by["th dport"].isdigit():
        return Aim(services=((int(by["meta l4proto"]), int(by["th dport"])),))
    for name, protocol in (("icmp type", ICMP), ("icmpv6 type", ICMP6)):
        if name in by and by[name].isdigit():
            return Aim(services=((protocol, int(by[name])),))
    if faces:
        return Aim(_of_zone(table, item.key[1]))
    verdict, _, chain = (item.value or "").partition(" ")
    return rule_aim(*table.chains[chain].rules) if verdict in ("jump", "goto") and chain in table.chains else Aim()


def _kin(table: Table, number: int) -> tuple[int, ...]:
    """The numbers that the lines of a number have between other interfaces."""
    items = [item for name in ("numbers", "numbers_own") if name in table.groups for item in table.groups[name].items]
    lines = {item.key[-1] for item in items if int(item.value or "0", 16) == number}
    return tuple(dict.fromkeys(int(item.value or "0", 16) for item in items if item.key[-1] in lines))


def _of_zone(table: Table, zone: str) -> tuple[int, ...]:
    """A few addresses of a zone, of both families."""
    number = int(zone.partition(":")[0], 16) if ":" in zone else int(zone, 16) >> 16
    found: list[int] = []
    for name in ("source4", "source6"):
        if name in table.groups:
            for item in table.groups[name].items:
                if int((item.value or "0").partition(":")[0], 16) == number:
                    found += addresses_in(item.key[0])[:1]
    four, six = [a for a in found if a < V6], [a for a in found if a >= V6]
    return (*four[:2], *six[:2])
