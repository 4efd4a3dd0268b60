"""What the kernel does and a reader of rules wouldn't guess: each was a difference that real packets showed."""

from dataclasses import replace

import pytest

from segctl.listing import nft_text
from segctl.listing.rule import Ending
from segctl.load.packets import parse_packet
from segctl.prove import follow

WORDS = "in eth1 out eth2 10.0.0.1 -> 10.0.0.2 udp 1000 -> 53"


def ending(rules: str, words: str = WORDS) -> Ending | None:
    return follow(nft_text.parse(f"table ip t {{\n{rules}\n}}"), parse_packet(words)).ending


def base(name: str, hook: str, *rules: str, kind: str = "filter") -> str:
    body = "\n".join(rules)
    return f"chain {name} {{ type {kind} hook {hook}; policy accept;\n{body}\n}}"


@pytest.mark.parametrize(
    ("priority", "state", "found"),
    [
        (-150, "new", Ending.ACCEPT),  # nft_notrack_eval: what has a connection keeps it
        (-200, "new", Ending.ACCEPT),
        (-150, "invalid", Ending.DROP),
    ],
)
def test_notrack_after_conntrack(priority: int, state: str, found: Ending) -> None:
    rules = base("p", f"prerouting priority {priority}", "notrack") + base(
        "f", "forward priority 0", "ct state untracked drop"
    )
    assert ending(rules, f"{WORDS} {state}") is found


def test_a_nat_chain_runs_in_nats_own_hook() -> None:
    """It says -300, and comes after the mark that is set at -150 (NF_IP_PRI_NAT_DST is -100)."""
    rules = base("n", "prerouting priority -300", "meta mark 7 drop", kind="nat")
    rules += base("m", "prerouting priority -150", "meta mark set 7")
    assert ending(rules) is Ending.DROP


@pytest.mark.parametrize(
    ("rewrite", "read", "certain"),
    [
        ("ip dscp set 8", "ip dscp 8 drop", False),
        ("ip dscp set 8", "udp dport 53 drop", True),
        ("ip dscp set 8", "meta priority 3:3 drop", False),  # a router sets it by the TOS byte
        ("udp dport set 54", "udp dport 53 drop", False),
    ],
)
def test_what_is_read_of_a_rewritten_header_is_not_known(rewrite: str, read: str, certain: bool) -> None:
    rules = base("p", "prerouting priority 0", rewrite) + base("f", "forward priority 0", read)
    assert ending(rules) is (Ending.DROP if certain else None)


def test_many_rewriting_rules_are_followed_at_once() -> None:
    rules = base("p", "prerouting priority 0", *["ip dscp set 8\nip dscp 8 counter"] * 40)
    assert ending(rules) is Ending.ACCEPT


def test_meta_length_at_egress_counts_the_links_header() -> None:
    hook = 'type filter hook egress device "eth2" priority 0; policy accept;'
    rules = f"table netdev t {{ chain e {{ {hook}\n meta length 100 drop\n}} }}"
    assert follow(nft_text.parse(rules), parse_packet(WORDS)).ending is None


def test_a_catch_all_element_catches_interfaces_that_nobody_listed() -> None:
    rules = 'set s { type ifname . iface_index; elements = { "eth1" . "lo", * }; }' + base(
        "f", "forward priority 0", "oifname . oif @s drop"
    )
    listing = nft_text.parse(f"table ip t {{ {rules} }}")
    assert follow(replace(listing, interfaces={1: "lo"}), parse_packet(WORDS)).ending is Ending.DROP
