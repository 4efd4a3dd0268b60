"""A flat list of somebody else's, of which each rule has ranges of its own: what no matrix of classes holds."""

from random import Random

from segctl.model.ranges import show_address


def flat_list(count: int, seed: int, verdict: str = "accept", more: str = "") -> str:
    """A table before ours, of so many rules on overlapping ranges of addresses and ports; `more` are its last rules."""
    rng = Random(seed)
    lines = [
        f"ip saddr {_range(rng)} ip daddr {_range(rng)} {rng.choice(('tcp', 'udp'))} dport {_ports(rng)} {verdict}"
        for _ in range(count)
    ]
    rules = "\n  ".join([*lines, more])
    return (
        f"table ip foreign {{\n chain f {{ type filter hook forward priority -10; policy accept;\n  {rules}\n }}\n}}\n"
    )


def _range(rng: Random) -> str:
    first = rng.randrange(1 << 32)
    return (
        f"{show_address(first)}-{show_address(min(first + rng.randrange(1, 1 << rng.randrange(8, 30)), (1 << 32) - 1))}"
    )


def _ports(rng: Random) -> str:
    first = rng.randrange(1 << 16)
    return f"{first}-{min(first + rng.randrange(1, 1 << rng.randrange(2, 14)), (1 << 16) - 1)}"
