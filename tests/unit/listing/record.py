"""What nft lists of RULES: loaded into a namespace and asked.

`python -m tests.unit.listing.record NETNS` writes it down.

`listed.json` is what nft 1.0.6 said, so that unit tests need no kernel; the kernel's test asks again.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tests.unit.listing.rules import DECLARED, RULES, Written

PLACE = Path(__file__).parent / "listed.json"
_TABLES = ("inet", "ip", "ip6", "bridge", "netdev", "arp")


class Listed(NamedTuple):
    """One rule as nft lists it: its line of text, and its object of the JSON document."""

    written: Written
    text: str
    rule: dict[str, Any]


def ask(namespace: str, *words: str, stdin: str | None = None) -> str:
    """What nft says there; it must succeed, also by stderr: `nft list` loses conditions of rules with no other sign.

    Its warnings are of statements that it has no JSON for: it then writes their text.
    """
    done = subprocess.run(
        ["ip", "netns", "exec", namespace, "nft", *words], input=stdin, capture_output=True, text=True, check=False
    )
    wrong = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
    assert done.returncode == 0 and not wrong, f"{' '.join(words)}\n{done.stderr}"
    return done.stdout


def load(namespace: str) -> None:
    """All RULES in order, in the chains `a` of a table `t` of each family."""
    out = []
    for family in _TABLES:
        declared = DECLARED if family == "inet" else " chain b { }\n"
        rules = [f"  {rule.text}\n" for rule in RULES if rule.family == family]
        out.append(f"table {family} t {{{declared} chain a {{\n{''.join(rules)} }}\n}}\n")
    ask(namespace, "-f", "-", stdin="".join(out))


def listed(namespace: str) -> list[Listed]:
    """What nft lists of what `load` loaded."""
    document = json.loads(ask(namespace, "-j", "list", "ruleset"))["nftables"]
    found = []
    for family in _TABLES:
        of_family = [one["rule"] for one in document if one.get("rule", {}).get("family") == family]
        lines = ask(namespace, "list", "chain", family, "t", "a").splitlines()[2:-2]
        written = [rule for rule in RULES if rule.family == family]
        assert len(written) == len(lines) == len(of_family), family
        for rule, line, said in zip(written, lines, of_family, strict=True):
            said.pop("handle")
            found.append(Listed(rule, line.strip(), said))
    return found


def recorded() -> list[Listed]:
    """What was written down."""
    return [Listed(Written(*one["written"]), one["text"], one["rule"]) for one in json.loads(PLACE.read_text())]


def write(found: list[Listed]) -> None:
    """Write down, one rule a line."""
    lines = [json.dumps({"written": one.written, "text": one.text, "rule": one.rule}) for one in found]
    PLACE.write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    load(sys.argv[1])
    write(listed(sys.argv[1]))
