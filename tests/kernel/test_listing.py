"""What nft lists of rules of every kind, parsed in both notations and by netlink, against each other and the kernel."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from segctl.kernel import netlink
from segctl.kernel.errors import NotUnderstood
from segctl.listing import nft_json, nft_text, packed
from segctl.listing.digest import digest
from segctl.listing.rule import Element, Ending, Hook, Listing, Match, Set
from segctl.runner import Netns
from tests.conftest import MakeNamespace
from tests.sites import read
from tests.unit.listing.plain import hours, nowhere, same, shuffled, unmodelled
from tests.unit.listing.record import ask, listed, load, recorded
from tests.unit.listing.rules import DECLARED
from tests.unit.listing.shown import decided, told
from tests.unit.listing.tables import CHAINS, KEPT, SETS
from tests.unit.listing.test_rules import by_json
from tests.unit.listing_iptables.conditions import FAR, NEAR, OWN4, OWN6, frames4, frames6
from tests.unit.listing_iptables.facts import packed as packed_address
from tests.unit.listing_iptables.meaning import fits

pytestmark = pytest.mark.kernel
EXAMPLES = Path(__file__).parents[2] / "examples"


def gateways(site: Path) -> list[str]:
    return sorted(name for name, point in read(site).points.items() if point.kind == "gateway")


OURS = [(path.parent.name, point) for path in sorted(EXAMPLES.glob("*/site")) for point in gateways(path)]


def of_json(place: str, *, terse: bool = False) -> dict[str, Any]:
    words = ["-j", *(["-t"] if terse else []), "list", "ruleset"]
    document: dict[str, Any] = json.loads(ask(place, *words))
    return document


def by_netlink(place: str) -> nft_json.Elements:
    """Elements of named sets as segctl reads them: packed, by netlink; others not at all."""

    def elements(family: str, table: str, declared: Set) -> tuple[Element, ...] | None:
        if family != "inet" or not packed.readable(declared.parts, declared.answers):
            return None
        try:
            found, star = netlink.dump_with_catch_all(Netns(place), table, declared.name)
        except NotUnderstood:
            return None
        if star is not None:
            return None
        return packed.elements(found, declared.parts, declared.answers)

    return elements


@pytest.fixture
def place(namespace: MakeNamespace) -> Iterator[str]:
    yield namespace("listing")


def test_nft_lists_what_was_written_down(place: str) -> None:
    """The unit tests' record is of today's nft; where this fails with another nft, record again and look."""
    load(place)
    assert listed(place) == recorded()


def test_every_rule_is_the_same_in_both_notations(place: str) -> None:
    load(place)
    document = of_json(place)
    listing, text = nft_json.parse(document), nft_text.parse(ask(place, "list", "ruleset"))
    assert listing.gaps == text.gaps == ()
    assert len(listing.tables) == 6
    odd = {one.text for one in recorded() if "[invalid type]" in one.text}
    assert odd  # nft has no word for these, so that neither notation has
    for one, other in zip(same(listing.tables), same(text.tables), strict=True):
        assert one.sets == other.sets
        for name, chain in one.chains.items():
            for rule, said in zip(chain.rules, other.chains[name].rules, strict=True):
                assert rule == said or (unmodelled(rule) and unmodelled(said))
    assert {nft_json.parse(shuffled(document, seed)).digest for seed in range(3)} == {listing.digest}


def test_sets_of_every_type(place: str) -> None:
    """JSON, text and the kernel's own bytes say the same elements."""
    ask(place, "-f", "-", stdin=SETS)
    document = of_json(place)
    listing, text = nft_json.parse(document), nft_text.parse(ask(place, "list", "ruleset"))
    bytes_too = nft_json.parse(of_json(place, terse=True), by_netlink(place))
    assert same(listing.tables) == same(text.tables)
    read_packed = {name for name, one in bytes_too.tables[0].sets.items() if not one.fault}
    assert bytes_too.tables[0].sets.keys() - read_packed == {"sizes", "vlans", "starred", "limited", "told_apart"}
    for name in read_packed:
        assert hours(bytes_too.tables[0].sets[name].elements) == hours(listing.tables[0].sets[name].elements), name
    assert {one.name for one in listing.tables[0].sets.values() if one.fault} == {"limited", "told_apart"}
    assert {nft_json.parse(shuffled(document, seed)).digest for seed in range(5)} == {listing.digest}


def test_hooks_of_every_family(place: str) -> None:
    """Priorities have names by family in text, and are numbers in JSON; flags are in text alone."""
    ask(place, "-f", "-", stdin=CHAINS)
    listing, text = nft_json.parse(of_json(place)), nft_text.parse(ask(place, "list", "ruleset"))
    assert len(listing.gaps) == 2 and "early" in listing.gaps[0] and "ins" in listing.gaps[1] and not text.gaps
    assert same(listing.tables) == [replace(nowhere(one), dormant=False) for one in same(text.tables)]
    assert [(one.family, one.name) for one in text.tables if one.dormant] == [("inet", "asleep")]
    told = nft_json.parse(of_json(place), dormant={("inet", "asleep"): True})
    assert same(told.tables) == [nowhere(one) for one in same(text.tables)]
    assert text.tables[-2].chains["ins"].hook == Hook("filter", "ingress", 0, Ending.DROP, ("lo",))
    assert {chain.hook.priority for one in told.tables for chain in one.chains.values() if chain.hook} == KEPT


def test_handles_of_text(place: str) -> None:
    ask(place, "-f", "-", stdin=CHAINS)
    listing, text = nft_json.parse(of_json(place)), nft_text.parse(ask(place, "-a", "list", "ruleset"))
    assert handles(listing) == handles(text) != []


def handles(listing: Listing) -> list[int | None]:
    found = []
    for table in listing.tables:
        found += [table.handle, *(chain.handle for chain in table.chains.values())]
        found += [rule.handle for chain in table.chains.values() for rule in chain.rules]
    return found


@pytest.mark.parametrize(("example", "point"), OURS, ids=["-".join(one) for one in OURS])
def test_our_own_rules(place: str, example: str, point: str) -> None:
    """Nothing of what segctl loads may be strange to it; three ways of reading are one."""
    words = [sys.executable, "-m", "segctl", "--site", str(EXAMPLES / example / "site"), "compile", "--point", point]
    done = subprocess.run([*words, "--at", "2026-01-02T03:04:05Z"], capture_output=True, text=True, check=True)
    ask(place, "-f", "-", stdin=done.stdout)
    document = of_json(place)
    asleep = {("inet", "segctl_a"): True}
    listing = nft_json.parse(document, dormant=asleep)
    assert not listing.gaps
    assert not [text for chain in listing.tables[0].chains.values() for text in unmodelled(chain.rules)]
    assert not [one.fault for one in listing.tables[0].sets.values() if one.fault]
    text = nft_text.parse(ask(place, "list", "ruleset"))
    assert same(text.tables) == same(listing.tables)
    ours = nft_json.parse(of_json(place, terse=True), by_netlink(place), dormant=asleep)
    assert same(ours.tables) == same(listing.tables)
    assert len({ours.digest, listing.digest, nft_json.parse(shuffled(document, 1), dormant=asleep).digest}) == 1
    changed = replace(listing.tables[0], dormant=False)
    assert digest((changed,)) != listing.digest


def test_a_set_that_nft_does_not_know_hides_conditions(place: str) -> None:
    """The kernel's rule asks for ports 1 and 2; nft lists it without, exits with 0, and says so on stderr alone."""
    rules = "table inet t { chain a { ct label { 1, 3 }\n tcp dport { 1, 2 } accept\n }\n }\n"
    ask(place, "-f", "-", stdin=rules)
    words = ["ip", "netns", "exec", place, "nft", "-j", "list", "ruleset"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "netlink: Error: Unknown set" in done.stderr
    chain = nft_json.parse(json.loads(done.stdout)).tables[0].chains["a"]
    assert unmodelled(chain.rules[0].statements)
    assert [one for one in chain.rules[1].statements if isinstance(one, Match) and one.spans == ((1, 1), (2, 2))] == []


def test_a_miss_ends_the_rule(place: str) -> None:
    """Of verdict maps too; and `continue` goes on within the rule. Counted by the kernel, with a packet of its own."""
    rules = """
    table inet t {
     counter x { }
     chain a { type filter hook output priority 0;
      counter comment "all"
      ip daddr vmap { 9.9.9.9 : drop } counter comment "missed"
      ip daddr vmap { 127.0.0.1 : continue } counter comment "goes on"
      counter name tcp dport map { 1 : "x" } counter comment "no port of TCP"
      ct mark set 5 counter comment "goes on"
      tcp option maxseg size set 100 counter comment "not TCP"
      snat ip6 to ::1 counter comment "another family"
     }
    }"""
    ask(place, "-f", "-", stdin=rules.replace("snat ip6 to ::1 ", ""))
    send = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 5))"
    subprocess.run(["ip", "netns", "exec", place, sys.executable, "-c", send], check=True)
    counted: dict[str, set[bool]] = {}
    (sent, *_) = found = [one["rule"] for one in of_json(place)["nftables"] if "rule" in one]
    everything = sent["expr"][-1]["counter"]["packets"]
    assert everything > 0
    for rule in found:
        counted.setdefault(rule["comment"], set()).add(rule["expr"][-1]["counter"]["packets"] == everything)
    assert counted == {
        "all": {True},
        "missed": {False},
        "goes on": {True},
        "no port of TCP": {False},
        "not TCP": {False},
        "another family": {True},
    }


@pytest.fixture
def wire(place: str, namespace: MakeNamespace) -> Iterator[socket.socket]:
    """What is sent arrives in `place` by its interface `near`, which has the addresses OWN4 and OWN6."""
    far = namespace("far")
    for words in (
        "sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.router_solicitations=0",
        f"ip link add near address {NEAR} type veth peer name far netns {far} address {FAR}",
        "ip link set near up",
        f"ip address add {OWN4}/24 broadcast 10.9.0.255 dev near",
        f"ip address add {OWN6}/64 dev near nodad",
    ):
        subprocess.run(["ip", "netns", "exec", place, *words.split()], check=True)
    silent = "sysctl -qw net.ipv6.conf.all.disable_ipv6=1"
    subprocess.run(["ip", "netns", "exec", far, *silent.split()], check=True)
    subprocess.run(["ip", "-n", far, "link", "set", "far", "up"], check=True)
    with Netns(far).inside():
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with out:
        out.bind(("far", 0))
        yield out


def counters(place: str) -> list[int]:
    """What the counters of the chain `a`, each a rule's last statement, have seen."""
    rules = [one["rule"] for one in of_json(place)["nftables"] if one.get("rule", {}).get("chain") == "a"]
    return [rule["expr"][-1]["counter"]["packets"] for rule in rules]


def crossed() -> list[bytes]:
    """ICMP of one IP version in packets of the other: whether a rule asks for a version shows in these."""
    v4, v6 = IP(src="10.9.0.2", dst=OWN4, proto=58), IPv6(src="fd09::2", dst=OWN6, nh=1)
    kinds = ((v4, 128), (v4, 133), (v6, 8), (v6, 3), (v6, 5))
    return [bytes(Ether(src=FAR, dst=NEAR) / head / Raw(bytes([kind, 4]) + b"\0" * 30)) for head, kind in kinds]


def arrived(place: str, wanted: int) -> list[int]:
    """The counters once the first, which counts all, has come to a number."""
    end = time.monotonic() + 5
    while (found := counters(place))[0] != wanted:
        assert found[0] < wanted and time.monotonic() < end, "a packet of somebody else, or none"
    return found


@pytest.mark.parametrize("frames", [frames4, frames6], ids=["four", "six"])
def test_the_kernel_counts_what_the_listing_says(
    place: str, wire: socket.socket, frames: Callable[[], list[bytes]]
) -> None:
    """Each condition of RULES that bytes can decide, against packets of every kind: its counter is the answer."""
    conditions = [
        one.written.text
        for one in recorded()
        if one.written.family == "inet" and one.written.modelled and decided(by_json("inet", one.rule).statements)
    ]
    assert len(conditions) > 200
    lines = "".join(f"  {text} counter\n" for text in ["", *conditions])
    # before conntrack puts fragments together
    hook = 'chain near { type filter hook prerouting priority -450; iifname "near" jump a; }'
    ask(place, "-f", "-", stdin=f"table inet t {{ {DECLARED} chain a {{\n{lines} }}\n {hook}\n}}\n")
    (table,) = nft_json.parse(of_json(place)).tables
    rules = table.chains["a"].rules
    with Netns(place).inside():
        index = socket.if_nametoindex("near")
    local, wide = [packed_address(OWN4), packed_address(OWN6)], [packed_address("10.9.0.255")]
    before, wrong = counters(place), []
    for frame in [*frames(), *crossed()]:
        wire.send(frame)
        now = arrived(place, before[0] + 1)
        fields = told(frame, "near", index, local, wide)
        for rule, old, new in zip(rules, before, now, strict=True):
            says = fits(rule, fields, table.sets)
            if says is None or says != new - old:
                wrong.append((rule.text, frame[14:].hex(), f"kernel {new - old}", f"listing {says}"))
        before = now
    assert not wrong, f"{len(wrong)}: {wrong[:12]}"
    assert sum(1 for one in before if one) > len(before) / 4  # conditions that no packet meets say little
