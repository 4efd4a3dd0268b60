"""audit on random rule sets equals a slow reading of them, packet by packet; and what it names may go."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TypeVar

import pytest

from segctl.draft.audit import audit
from segctl.draft.result import OTHERS, Audit, Opening, Side, Spans
from segctl.model.packet import Way
from segctl.model.ranges import parse_address, show_address

T = TypeVar("T")
FIRST = parse_address("10.0.0.0")
FACES = ("eth0", "eth1", "xyz7")  # no rule names the last
ADDRESSES = (*range(8), 300)  # from FIRST on; no rule names the last
PROTOCOLS = (6, 17, 47)
PORTS = (1, 2, 3, 4, 9)
WORDS = {6: "tcp", 17: "udp"}
Packet = tuple[str, int, str, int, int, int]
"""In, source, out, destination, protocol, port."""
PACKETS: tuple[Packet, ...] = tuple(product(FACES, ADDRESSES, FACES, ADDRESSES, PROTOCOLS, PORTS))


@dataclass(frozen=True)
class Said:
    """A rule. Blocks are (first, bits that vary); None asks for nothing."""

    iif: str | None
    source: tuple[int, int] | None
    oif: str | None
    target: tuple[int, int] | None
    protocol: int | None
    ports: tuple[int, int] | None
    does: str

    def matches(self, packet: Packet) -> bool:
        iif, source, oif, target, protocol, port = packet
        return (
            self.iif in (None, iif)
            and self.oif in (None, oif)
            and _in(source, self.source)
            and _in(target, self.target)
            and self.protocol in (None, protocol)
            and (self.ports is None or self.ports[0] <= port <= self.ports[1])
        )

    def text(self) -> str:
        words = [f"-s {_block(self.source)}"] if self.source else []
        words += [f"-d {_block(self.target)}"] if self.target else []
        words += [f"-i {self.iif}"] if self.iif else []
        words += [f"-o {self.oif}"] if self.oif else []
        if self.protocol:
            words.append(f"-p {WORDS[self.protocol]}")
        if self.ports:
            words.append(f"-m {WORDS[self.protocol or 0]} --dport {self.ports[0]}:{self.ports[1]}")
        return " ".join([*words, f"-j {self.does}"])


def _in(address: int, block: tuple[int, int] | None) -> bool:
    return block is None or (address >> block[1] == block[0] >> block[1])


def _block(block: tuple[int, int]) -> str:
    return f"{show_address(FIRST + block[0])}/{32 - block[1]}"


Rules = dict[str, list[Said]]


def random_rules(rng: Random) -> Rules:
    """A forward chain that jumps to two others, one of which may jump to the other."""

    def one(does: Iterable[str]) -> Said:
        def maybe(some: T) -> T | None:
            return some if rng.random() < 0.45 else None

        def block() -> tuple[int, int]:
            size = rng.randrange(4)
            return rng.randrange(8) >> size << size, size

        protocol = maybe(rng.choice((6, 17)))
        first = rng.randrange(1, 5)
        ports = (first, rng.randrange(first, 5)) if protocol and rng.random() < 0.6 else None
        return Said(
            maybe(rng.choice(FACES[:2])), maybe(block()), maybe(rng.choice(FACES[:2])), maybe(block()), protocol, ports,
            rng.choice(tuple(does)),
        )  # fmt: skip

    plain = ("ACCEPT", "ACCEPT", "DROP", "DROP")
    return {
        "FORWARD": [one((*plain, "a", "b", "RETURN")) for _ in range(rng.randrange(2, 7))],
        "a": [one((*plain, "b", "RETURN")) for _ in range(rng.randrange(4))],
        "b": [one((*plain, "RETURN")) for _ in range(rng.randrange(4))],
    }


def text_of(rules: Rules, policy: str) -> str:
    head = f"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD {policy} [0:0]\n:OUTPUT ACCEPT [0:0]\n:a - [0:0]\n:b - [0:0]\n"
    return head + "".join(f"-A {name} {one.text()}\n" for name, some in rules.items() for one in some) + "COMMIT\n"


def lines_of(rules: Rules) -> dict[int, Said]:
    """The rule on each line of the text."""
    return dict(enumerate((one for some in rules.values() for one in some), 7))


def ends(rules: Rules, policy: str, packet: Packet, met: set[int] | None = None, chain: str = "FORWARD") -> str:
    """As iptables(8) says it: the first that matches and has a verdict; `met` gathers what matched."""
    for one in rules[chain]:
        if not one.matches(packet):
            continue
        if met is not None:
            met.add(id(one))
        if one.does in ("ACCEPT", "DROP"):
            return one.does
        if one.does == "RETURN":
            break
        if (said := ends(rules, policy, packet, met, one.does)) in ("ACCEPT", "DROP"):
            return said
    return policy if chain == "FORWARD" else "back"


def opened(answer: Audit, rules: Rules) -> Iterator[Packet]:
    """All packets that the audit says may begin a connection through the machine."""
    said = [one for some in rules.values() for one in some]
    sources, targets = {one.iif for one in said}, {one.oif for one in said}
    for row in answer.reaches:
        if row.way is Way.FORWARD:
            asked = [
                (protocol, port)
                for protocol, port in product(PROTOCOLS, PORTS)
                if any(_holds(one, protocol, port) for one in row.opens)
            ]
            for (iif, source), (oif, target), what in product(
                _ends(row.sources, sources), _ends(row.destinations, targets), asked
            ):
                yield (iif, source, oif, target, *what)


def _holds(one: Opening, protocol: int, port: int) -> bool:
    assert one.sources is None and not one.also
    return _within(protocol, one.protocols) and (one.ports is None or _within(port, one.ports))


def _within(value: int, spans: Spans) -> bool:
    return any(first <= value <= last for first, last in spans)


def _ends(side: Side, named: set[str | None]) -> list[tuple[str, int]]:
    return [
        (face, address)
        for place in side
        for face in FACES
        if not place.interfaces or (face if face in named else OTHERS) in place.interfaces
        for address in ADDRESSES
        if FIRST + address in place.addresses
    ]


def audited(text: str) -> Audit:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rules.v4"
        path.write_text(text)
        return audit([path], families=(4,))


@pytest.mark.parametrize("seed", range(60))
def test_who_reaches_whom(seed: int) -> None:
    """Every packet, and each by one row alone."""
    rng = Random(seed)
    rules, policy = random_rules(rng), rng.choice(("ACCEPT", "DROP"))
    said = list(opened(audited(text_of(rules, policy)), rules))
    assert len(said) == len(set(said))
    assert set(said) == {packet for packet in PACKETS if ends(rules, policy, packet) == "ACCEPT"}


@pytest.mark.parametrize("seed", range(60))
def test_which_rules_nothing_meets(seed: int) -> None:
    """Those that no packet matches, no more and no less; a chain that nothing leads to is one finding."""
    rules = random_rules(Random(1000 + seed))
    answer = audited(text_of(rules, "DROP"))
    met: set[int] = set()
    for packet in PACKETS:
        ends(rules, "DROP", packet, met)
    unmet = {line for line, one in lines_of(rules).items() if id(one) not in met}
    named = {one.span.line for one in answer.findings if one.code in ("rule-shadowed", "rule-out-of-reach")}
    assert named <= unmet
    assert {line for line in unmet - named if not _explained(rules, line, met)} == set()


def _explained(rules: Rules, line: int, met: set[int]) -> bool:
    """Whether no rule that some packet meets leads to its chain."""
    said = lines_of(rules)[line]
    chain = next(name for name, some in rules.items() if any(one is said for one in some))
    return chain != "FORWARD" and not any(
        one.does == chain and id(one) in met for some in rules.values() for one in some
    )


@pytest.mark.parametrize("seed", range(80))
def test_what_is_named_may_go_alone_and_at_once(seed: int) -> None:
    rng = Random(2000 + seed)
    rules, policy = random_rules(rng), rng.choice(("ACCEPT", "DROP"))
    answer = audited(text_of(rules, policy))
    lines = lines_of(rules)
    odd = {one.span.line for one in answer.findings if one.code in ("rule-shadowed", "rule-redundant")}
    before = {packet: ends(rules, policy, packet) for packet in PACKETS[::3]}
    for some in [odd, *({line} for line in odd)]:
        gone = {id(lines[line]) for line in some}
        left = {name: [one for one in held if id(one) not in gone] for name, held in rules.items()}
        assert {packet: ends(left, policy, packet) for packet in before} == before, some
