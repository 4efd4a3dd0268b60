"""The text of a slot's table, as it may come from disk: it is one sleeping table of ours and nothing else, or refused.

What root loads from a plan or from what was kept is never trusted to be what we once rendered: nft reads files that a
text includes, and a brace too many begins another table. So no word that leads out is let through (nft(8): include,
define, redefine, undefine, $), every brace is counted, and only sets, maps and chains stand in the table.
"""

import re

from segctl.kernel.errors import NotUnderstood

_TABLE = re.compile(r"table inet segctl_[ab] \{")
_HOLD = "table inet segctl_hold {"
_GENERATION = re.compile(r" chain gen_[0-9a-f]{8} \{ \}")
_ITEM = re.compile(r" (set|map|chain) [a-z][a-z0-9_]* \{( \})?")
_SLOT = re.compile(r"segctl_(a|b|check)")
_LEADS_OUT = re.compile(r"\b(include|define|redefine|undefine)\b|[$;\\]")
_WORDS = re.compile(r'"(segctl [a-z0-9 -]*|[A-Za-z0-9_.@:-]{1,15})"')
_LINE = re.compile(r"[A-Za-z0-9_@.:,/(){}|&!<>=* -]*")
_BASE = re.compile(r"  type (filter|nat|route) hook (forward|input|output) priority filter; policy (drop|accept);")


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
    _demand_items(lines[1:-1])
    return "\n".join(lines) + "\n"


def _demand_items(lines: list[str]) -> None:
    """Sets, maps and chains, each closed before the next begins, and no line that leads out of them."""
    depth = 0
    for line in lines:
        bare = _WORDS.sub("w", line)
        if depth == 0 and not _ITEM.fullmatch(line):
            raise NotUnderstood(f"this stands in no set, map or chain of ours: {line.strip()[:80]}")
        plain = _BASE.fullmatch(line) is not None
        if not plain and (_LEADS_OUT.search(bare) or not _LINE.fullmatch(bare)):
            raise NotUnderstood(f"no rule of ours says this: {line.strip()[:80]}")
        depth += bare.count("{") - bare.count("}")
        if depth < 0:
            raise NotUnderstood(f"a brace too many: {line.strip()[:80]}")
    if depth:
        raise NotUnderstood("a brace is missing")
