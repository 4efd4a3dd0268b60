"""The text of a slot's table, as it may come from disk: it is one sleeping table of ours and nothing else, or refused.

What root loads from a plan or from what was kept is never trusted to be what we once rendered: nft reads files that a
text includes, and a brace too many begins another table. So no word that leads out is let through (nft(8): include,
define, redefine, undefine, $, or what declares a hook, a table, an object), only sets, maps and chains stand in the
table, each ends with a line of its own, and braces within a line open and close there.
"""

import re

from segctl.kernel.errors import NotUnderstood

_TABLE = re.compile(r"table inet segctl_[ab] \{")
_HOLD = "table inet segctl_hold {"
_GENERATION = re.compile(r" chain gen_[0-9a-f]{8} \{ \}")
_ITEM = re.compile(r" (set|map|chain) ([a-z][a-z0-9_]*) \{( \})?")
_END = " }"
_EXCEPTIONS = ("remedy", "remedy_back", "manage", "manage_back", "needs_in", "needs_out")
_SLOT = re.compile(r"segctl_(a|b|check)")
_LEADS_OUT = re.compile(
    r"\b(include|define|redefine|undefine|table|chain|hook|policy|devices?|comment|flush|ruleset)\b|[$;\\]"
)
_WORDS = re.compile(r'"(segctl [a-z0-9 -]*|[A-Za-z0-9_.@:-]{1,15})"')
_LINE = re.compile(r" {2,}[A-Za-z0-9_@.:,/(){}|&!<>=* -]*")
_BASE = re.compile(r"  type filter hook (forward|input|output) priority filter; policy (drop|accept);")


def for_slot(text: str, slot: str, generation: int) -> str:
    """The same table for another slot and generation. NotUnderstood for a text that is no sleeping table of ours."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not _SLOT.fullmatch(slot) or not 0 <= generation < 1 << 32:
        raise ValueError(f"no slot and generation: {slot!r}, {generation!r}")
    if len(lines) < 4 or not _TABLE.fullmatch(lines[0]) or lines[1] != " flags dormant" or lines[-1] != "}":
        raise NotUnderstood("this is no sleeping table of ours")
    if not _GENERATION.fullmatch(lines[2]):
        raise NotUnderstood("this table doesn't say its generation where ours do")
    _demand_items(lines[3:-1])
    head = [f"table inet {slot} {{", lines[1], f" chain gen_{generation:08x} {{ }}"]
    return "\n".join([*head, *lines[3:]]) + "\n"


def exceptions(text: str) -> str:
    """The same demanded of the hold table's exceptions: chains of that table and nothing else."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) < 2 or lines[0] != _HOLD or lines[-1] != "}":
        raise NotUnderstood("these are no exceptions of our hold table")
    _demand_items(lines[1:-1], _EXCEPTIONS)
    return "\n".join(lines) + "\n"


def _demand_items(lines: list[str], only: tuple[str, ...] = ()) -> None:
    """Sets, maps and chains, each closed before the next begins, and no line that leads out of them.

    With `only` chains of these names and nothing else, without a hook.
    """
    within = False
    for line in lines:
        if not within:
            item = _ITEM.fullmatch(line)
            if item is None or (only and (item[1] != "chain" or item[2] not in only)):
                raise NotUnderstood(f"this stands in no set, map or chain of ours: {line.strip()[:80]}")
            within = item[3] is None
        elif line == _END:
            within = False
        elif only or not _BASE.fullmatch(line):
            _demand_harmless(line)
    if within:
        raise NotUnderstood("a brace is missing")


def _demand_harmless(line: str) -> None:
    """A line of a set or chain of ours, as far as it can lead nowhere else."""
    bare = _WORDS.sub("w", line)
    if _LEADS_OUT.search(bare) or not _LINE.fullmatch(bare):
        raise NotUnderstood(f"no rule of ours says this: {line.strip()[:80]}")
    depth = 0
    for sign in bare:
        depth += (sign == "{") - (sign == "}")
        if not 0 <= depth <= 1:
            raise NotUnderstood(f"a brace too many: {line.strip()[:80]}")
    if depth:
        raise NotUnderstood(f"a brace that doesn't end in its line: {line.strip()[:80]}")
