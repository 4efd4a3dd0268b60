"""A sleeping table that is too large for one transaction of somebody who isn't root, loaded in several.

nft's socket takes what `net.core.wmem_default` allows, some 200 KiB, which is the rules of about ten interfaces. Only
the machine's own root may raise that (SO_SNDBUFFORCE; nft 1.0.6 knows no other way). Nobody meets what sleeps: so first
everything is declared, sets, maps and chains without a rule, then the rules are appended, in their order.
"""

from collections.abc import Iterator

from segctl.kernel import nft
from segctl.kernel.errors import MessageTooLong, NotUnderstood
from segctl.runner import Runner

MOST = 12_000
"""Characters of rules in one transaction; of our rules each becomes 5 to 7 bytes of netlink."""

_SLEEPS = " flags dormant"
_DECLARED = (" set ", " map ")


def load_asleep(runner: Runner, text: str) -> None:
    """Load the text of one sleeping table, in one transaction if it goes, else in several.

    If one of several is refused, the table stays as far as it came: it sleeps, and its loader takes it away.
    Raises KernelRefused in its kinds, ToolMissing, ToolCrashed; NotUnderstood for a text that is no sleeping table.
    """
    try:
        nft.load(runner, text)
    except MessageTooLong:
        for part in parts(text):
            nft.load(runner, part)


def parts(text: str, most: int = MOST) -> Iterator[str]:
    """The text as several that mean the same one after another; each but the first has at most `most` characters.

    A rule that is longer by itself has a part of its own.
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    if len(lines) < 3 or not lines[0].startswith("table ") or lines[1] != _SLEEPS or lines[-1] != "}":
        raise NotUnderstood("no text of one sleeping table")
    head = f"{lines[0]}\n{_SLEEPS}\n"
    declared: list[str] = []
    rules: list[tuple[str, str]] = []
    for item in _whole(lines[2:-1]):
        if item[0].startswith(_DECLARED):
            declared += item
        elif item[0].startswith(" chain "):
            first, *body = item[:-1] if len(item) > 1 else [item[0].removesuffix(" }")]
            hooks = [line for line in body if line.startswith("  type ")]
            declared += [first, *hooks, " }"]
            rules += [(first, "\n".join(rule)) for rule in _whole(body) if rule[0] not in hooks]
        else:
            raise NotUnderstood(f"neither set nor chain: {item[0].strip()}")
    yield head + "\n".join(declared) + "\n}\n"
    yield from (f"{head}{body}}}\n" for body in _bodies(rules, most))


def _bodies(rules: list[tuple[str, str]], most: int) -> Iterator[str]:
    """Chains with their rules, a long chain in several."""
    held, size, chain = "", 0, ""
    for first, rule in rules:
        if held and size + len(rule) > most:
            yield f"{held} }}\n"
            held, size, chain = "", 0, ""
        if first != chain:
            held += f" }}\n{first}\n" if chain else f"{first}\n"
            chain = first
        held += f"{rule}\n"
        size += len(first) + len(rule)
    if held:
        yield f"{held} }}\n"


def _whole(lines: list[str]) -> Iterator[list[str]]:
    """Lines that belong together, as their braces say; ours stand in no text (a log's prefix has none)."""
    held: list[str] = []
    depth = 0
    for line in lines:
        held.append(line)
        depth += line.count("{") - line.count("}")
        if depth == 0:
            yield held
            held = []
    if held:
        raise NotUnderstood(f"a brace that doesn't end: {held[0].strip()}")
