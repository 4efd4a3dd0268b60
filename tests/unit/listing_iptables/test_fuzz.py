"""Whatever stands in a save: an answer or Unreadable, and never a rule that is lost."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from segctl.listing import ipset, iptables
from segctl.listing.iptables_options import MATCHES, TARGETS
from segctl.listing.rule import Family, Unreadable

FAMILIES = st.sampled_from([Family.IP, Family.IP6])
OPTIONS = sorted({f"--{name}" for names in (*MATCHES.values(), *TARGETS.values()) for name in names})
VALUES = [
    "tcp",
    "udp",
    "icmp",
    "58",
    "22",
    "1:5",
    "0x1/0xff",
    "10.0.0.0/8",
    "fd00::1",
    "NEW,DNAT",
    "src,dst",
    "a",
    "eth+",
]
VALUES += [
    "",
    "-1",
    "08",
    "99999",
    "a,b",
    "5:1",
    "10.0.0.1-10.0.0.9",
    "!",
    '"',
    '"a b"',
    "\\",
    "ü",
    "\x00",
    "SYN",
    "any",
]
WORDS = st.sampled_from([*OPTIONS, *VALUES, *VALUES, "-m", "-p", "-s", "-d", "-i", "-f", "-j", "-g", "-c", "!", "-x"])
MODULES = st.sampled_from([*MATCHES, *TARGETS, "nosuch"])
PAIRS = st.one_of(WORDS, st.tuples(st.sampled_from(["-m", "-j"]), MODULES).map(" ".join))


@given(st.lists(PAIRS, max_size=12), FAMILIES)
def test_any_words_are_a_rule(words: list[str], family: Family) -> None:
    line = " ".join(["-A INPUT", *words])
    found = iptables.parse(f"*filter\n:INPUT ACCEPT [0:0]\n{line}\nCOMMIT\n", family)
    rules = found.tables[0].chains["INPUT"].rules
    skipped = any(word in ("-4", "-6", "--ipv4", "--ipv6") for word in words)
    assert skipped or (rules and all(rule.line == 3 and rule.statements for rule in rules))


@given(st.text(max_size=300), FAMILIES)
def test_any_text(text: str, family: Family) -> None:
    with suppress(Unreadable):
        iptables.parse(text, family)
    with suppress(Unreadable):
        iptables.parse(f"*filter\n{text}", family)
    with suppress(Unreadable):
        ipset.parse(text)


KINDS = st.sampled_from(["hash:ip", "hash:net,iface", "hash:ip,port", "bitmap:port", "list:set", "hash:what", "x"])
PIECES = st.sampled_from(
    ["timeout", "5", "netmask", "nomatch", "10.0.0.1", "10.0.0.0/8,eth0", "a,tcp:1-2", ",", "80", '"']
)


@given(KINDS, st.lists(PIECES, max_size=5), st.lists(PIECES, min_size=1, max_size=5))
def test_any_set(kind: str, options: list[str], element: list[str]) -> None:
    with suppress(Unreadable):
        ipset.parse(f"create x {kind} {' '.join(options)}\nadd x {' '.join(element)}\n")
