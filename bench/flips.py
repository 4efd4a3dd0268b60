"""What does a flip cost and let through, beside reloading the same rules in one `nft -f`?

    a (sender) ── gateway ── b (receiver)

Each way replaces one generation by another under the same flood, with 1,000 and with 100,000 elements: the flip wakes
a table that sleeps; a reload is `delete table` and the whole table in one transaction, which everybody calls atomic,
of a plain chain and of our own table. Half of the packets are allowed by both generations, half by none: of the first
none may be lost, of the others none may come through. Needs root.

    python bench/flips.py [REPLACEMENTS]
"""

import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))  # the flood is the tests' own

from segctl.apply import Proving, Wish, apply
from segctl.compile import Ruleset, compile_gateway, loadable, render_flip, render_table, statistics
from segctl.kernel import nft
from segctl.lab import Built, lab
from segctl.load import load_site
from segctl.model.ranges import show_address
from segctl.policy import Policy, examine
from segctl.runner import Netns
from tests.packets.flood import Stream, ended, process, softnet_drops

sys.path.insert(0, str(Path(__file__).parent))  # a script's own folder, wherever it is started
from apart import apart

RATE = 40_000  # packets a second
ALLOWED, FORBIDDEN = 1, 2
PER_FLOW = 4  # elements: its port, its number, its interfaces in both directions
SLOTS = ("segctl_a", "segctl_b")
SITE = """\
version: 1
site: flips
segments:
  a: {strictness: strict, members: 10.94.1.0/24}
  b: {strictness: strict, members: 10.94.2.0/24}
points:
  gw:
    kind: gateway
    interfaces:
      eth1: {segments: [a], addresses: [10.94.1.1/24]}
      eth2: {segments: [b], addresses: [10.94.2.1/24]}
flows:
  - {name: both, from: a, to: b, services: [udp/1001], why: "stays"}
"""


@dataclass(frozen=True)
class Measured:
    """`seconds` of each replacement; packets that were offered, lost though allowed, came though forbidden."""

    seconds: list[float]
    offered: int
    lost: int
    forbidden: int
    came: int
    dropped: int


def meaning(elements: int, name: str, at: datetime) -> Policy:
    """The site with so many elements; `name` makes it one generation or the other."""
    flows = "".join(
        f'  - {{name: {name}{n}, from: a, to: b, services: [tcp/{2000 + n}], why: "one of many"}}\n'
        for n in range(elements // PER_FLOW)
    )
    with TemporaryDirectory() as folder:
        (Path(folder) / "segctl.yaml").write_text(SITE + flows)
        loaded = load_site(Path(folder))
    policy = examine(loaded.site, at).policy if loaded.site else None
    assert policy is not None, loaded.findings
    return policy


def under_flood(built: Built, replace: Callable[[int], None], times: int) -> Measured:
    """Replace so many times under the flood; the n-th time `replace(n)` does it."""
    a, b = (next(host for host in built.hosts if host.segment == name) for name in "ab")
    gateway = next(nic for nic in built.node("gw").nics if nic.name == "eth1")
    ends = show_address(a.addresses[0]), show_address(b.addresses[0])
    streams = [Stream(ALLOWED, *ends, 5001, 1001), Stream(FORBIDDEN, *ends, 5005, 1005)]
    seconds, before = [], softnet_drops()
    with ExitStack() as stack:
        ear = stack.enter_context(process("hear", place=b.namespace, interface=b.nic.name))
        words = {"place": a.namespace, "interface": a.nic.name, "theirs": gateway.mac, "rate": RATE}
        voice = stack.enter_context(process("send", **words, streams=streams))
        time.sleep(0.3)
        for number in range(times):
            begin = time.perf_counter()
            replace(number)
            seconds.append(time.perf_counter() - begin)
            time.sleep(0.02)
        sent = {int(number): count for number, count in ended(voice).items()}
        heard = ended(ear)
    seen = {int(number): count for number, count in heard["seen"].items()}
    lost = sent[ALLOWED] - seen.get(ALLOWED, 0)
    dropped = heard["dropped"] + softnet_drops() - before
    return Measured(seconds, sent[ALLOWED], lost, sent[FORBIDDEN], seen.get(FORBIDDEN, 0), dropped)


def flips(built: Built, generations: list[tuple[Policy, Ruleset]], at: datetime, times: int) -> Measured:
    """The transaction that `apply` and `rollback` make."""
    gateway = Netns(built.node("gw").namespace)
    nft.load(gateway, "flush ruleset\n")  # the lab's own namespace
    wish = Wish(proving=Proving.LEFT_OUT)
    made = [apply(gateway, policy, loadable(policy, rules.point, at, rules), at, wish) for policy, rules in generations]

    def replace(number: int) -> None:
        new, old = number % 2, 1 - number % 2
        nft.load(gateway, render_flip(made[new].slot, made[new].generation, made[old].slot))

    return under_flood(built, replace, times)


def reloads(built: Built, texts: list[str], times: int) -> Measured:
    """One `nft -f` of `delete table` and the whole of the other one, awake."""
    gateway = Netns(built.node("gw").namespace)
    nft.load(gateway, "flush ruleset\n" + texts[1])
    return under_flood(built, lambda n: nft.load(gateway, f"delete table inet {SLOTS[0]}\n{texts[n % 2]}"), times)


def awake(rules: Ruleset, at: datetime) -> str:
    """Our own table, not asleep."""
    return render_table(rules, SLOTS[0], 1, at).replace(" flags dormant\n", "")


def plain(elements: int, port: int) -> str:
    """The same meaning as many would write it: one chain that drops what none of its rules accepts."""
    members = ", ".join(f"10.{200 + (n >> 16)}.{n >> 8 & 255}.{n & 255}" for n in range(elements))
    return (
        f"table inet {SLOTS[0]} {{\n set many {{ type ipv4_addr; size {2 * elements}; elements = {{ {members} }}; }}\n"
        " chain forward {\n  type filter hook forward priority filter; policy drop;\n"
        f"  ct state established accept\n  udp dport 1001 accept\n  ip saddr @many udp dport {port} accept\n }}\n}}\n"
    )


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    at = datetime.now(UTC)
    with apart(), lab(meaning(0, "none", at), f"bf{os.getpid()}", 1, listeners=False) as built:
        for elements in (1_000, 100_000):
            policies = [meaning(elements, name, at) for name in ("old", "new")]
            generations = [(policy, compile_gateway(policy, "gw", at)) for policy in policies]
            count = statistics(generations[0][1])["elements"]
            print(f"{count:,} elements, {RATE:,} packets a second wanted", flush=True)
            # A reload of many elements takes a second, in which the flood goes on: fewer of them are as telling.
            fewer = max(5, times // 10) if count > 50_000 else times
            show("flip", flips(built, generations, at, times))
            show("reload of a plain chain", reloads(built, [plain(elements, port) for port in (1003, 1004)], fewer))
            show("reload of our table", reloads(built, [awake(rules, at) for _, rules in generations], fewer))


def show(way: str, done: Measured) -> None:
    print(
        f"  {way:22} {len(done.seconds):4} times, {median(done.seconds) * 1000:6.1f} ms each;"
        f" came though forbidden: {done.came} of {done.forbidden:,};"
        f" lost though allowed: {done.lost} of {done.offered:,}; dropped by the machine: {done.dropped}",
        flush=True,
    )


if __name__ == "__main__":
    main()
