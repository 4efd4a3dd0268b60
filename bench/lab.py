"""How long 100 hosts behind one gateway take, as a ratio to `ip -batch` for the same. Needs root.

    python bench/lab.py [HOSTS] [ROUNDS]

Both make, in turn: the namespaces, a bridge in one of them, a veth pair for each host, two addresses, interfaces up,
two default routes, and what keeps the first IPv6 packet from being lost. `ip` gets them in the way that takes it the
least time that we know: one batch for all namespaces, one for all links, one for each namespace's inside.
Shown: medians, in one run side by side; `with listeners` has their process and sockets as well.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from segctl.lab import lab
from segctl.policy import Policy, examine
from tests.reference import build

GATEWAY4, GATEWAY6 = "10.0.0.1", "fd00::1"


def policy(hosts: int) -> Policy:
    """One gateway, one segment, that many endpoints in it (10.0.0.2 and fd00::2 on)."""
    endpoints = {
        f"h{n}": build.endpoint(f"h{n}", f"10.0.{n >> 8}.{n & 255}", f"fd00::{n:x}") for n in range(2, hosts + 2)
    }
    gateway = build.gateway("gw", build.interface("eth0", "lan", f"{GATEWAY4}/16 {GATEWAY6}/64"))
    segment = build.segment("lan", "guarded", "10.0.0.0/16", "fd00::/64")
    site = build.site([segment], endpoints=endpoints, points={"gw": gateway})
    examined = examine(site, datetime.now(UTC))
    assert examined.policy is not None
    return examined.policy


def by_ip(prefix: str, hosts: int) -> None:
    """The same network by `ip -batch`."""
    names = [f"{prefix}{n}" for n in range(1, hosts + 2)]  # the first is the gateway
    switch = f"{prefix}switch"
    batch([f"netns add {name}" for name in [switch, *names]])
    links = ["link add lan0 type bridge", "link set lan0 up"]
    links += [f"link add p{n} master lan0 up type veth peer name eth0 netns {name}" for n, name in enumerate(names)]
    batch(links, switch)
    for n, name in enumerate(names, 1):
        inside = [
            f"addr add 10.0.{n >> 8}.{n & 255}/16 dev eth0",
            f"addr add fd00::{n:x}/64 dev eth0 nodad",
            "link set lo up",
            "link set eth0 up",
        ]
        if n > 1:
            inside += [f"route add default via {GATEWAY4}", f"route add default via {GATEWAY6}"]
        batch(inside, name)


def batch(lines: list[str], namespace: str = "") -> None:
    where = ["-n", namespace] if namespace else []
    subprocess.run(["ip", *where, "-batch", "-"], input="\n".join(lines).encode(), check=True)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def round_of_ip(hosts: int) -> float:
    prefix = f"sgbench{os.getpid()}-"
    try:
        return seconds(lambda: by_ip(prefix, hosts))
    finally:
        found = [entry.name for entry in Path("/run/netns").iterdir() if entry.name.startswith(prefix)]
        batch([f"netns delete {name}" for name in found])
        time.sleep(0.5)  # the kernel takes namespaces apart behind our back: not in the other's time


def round_of_ours(wanted: Policy, hosts: int, listeners: bool) -> float:
    making = lab(wanted, f"bench{os.getpid()}", hosts, listeners=listeners)
    taken = seconds(making.__enter__)
    making.__exit__(None, None, None)
    time.sleep(0.5)
    return taken


def main(hosts: int, rounds: int) -> None:
    wanted = policy(hosts)
    imported = seconds(lambda: __import__("segctl.kernel.links"))
    ip, bare, whole = [], [], []
    for _ in range(rounds):
        ip.append(round_of_ip(hosts))
        bare.append(round_of_ours(wanted, hosts, False))
        whole.append(round_of_ours(wanted, hosts, True))
    base = statistics.median(ip)
    print(f"{hosts} hosts, {rounds} rounds; importing pyroute2 once: {imported:.3f} s = {imported / base:.2f}")
    for name, times in (("ip -batch", ip), ("segctl lab", bare), ("with listeners", whole)):
        print(f"{name:15} {statistics.median(times):.3f} s  ratio {statistics.median(times) / base:.2f}")


if __name__ == "__main__":
    main(*(int(given) for given in [*sys.argv[1:], *["100", "5"][len(sys.argv) - 1 :]]))
