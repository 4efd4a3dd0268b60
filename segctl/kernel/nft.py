"""nft as a process of its own: structure goes in as text, structure and small sets come out as JSON.

Never libnftables inside ours: nft 1.0.6 ends in segfaults and failed assertions on inputs that are not rare
(interval maps with `*`, rules that a newer nft wrote), and a crash must not be taken for an empty answer.
"""

import json
from typing import Any

from segctl.kernel.errors import NotUnderstood
from segctl.kernel.tools import run_tool
from segctl.runner import Runner

_HARMLESS = "warning: stmt ops"  # a statement that 1.0.6 has no JSON for: it says so in the answer, too
_EMPTY = (
    "nft 1.0.6 can't list a table that sleeps and is empty: `nft list tables` names all; delete it if nobody needs it"
)
_CRASH = "nft crashes on some rules that other tools wrote: nothing is known of what it would have said"


def load(runner: Runner, text: str, *, timeout: float | None = 600.0) -> None:
    """Load `text` in one transaction: all of it or, with an exception, nothing. A lost race is an exception too.

    Raises KernelRefused in its kinds, ToolMissing, ToolCrashed.
    """
    run_tool(runner, ["nft", "-f", "-"], "loading rules", stdin=text, timeout=timeout, help_if_crashed=_CRASH)


def check(runner: Runner, text: str, *, timeout: float | None = 600.0) -> None:
    """Whether nft and that place's kernel would take `text`; nothing is changed. It needs the same privilege as `load`.

    Raises KernelRefused in its kinds, ToolMissing, ToolCrashed.
    """
    run_tool(runner, ["nft", "-c", "-f", "-"], "checking rules", stdin=text, timeout=timeout, help_if_crashed=_CRASH)


def list_table_json(
    runner: Runner, table: str, *, family: str = "inet", terse: bool = False, timeout: float | None = 600.0
) -> dict[str, Any]:
    """`nft -j list table`: {"nftables": [{"metainfo": …}, {"table": …}, …]} (libnftables-json(5)).

    Don't believe the table's `flags` in it: nft 1.0.6 prints a letter of a word (`segctl.kernel.tables` knows).
    With `terse` nft leaves the elements of named sets out of the answer.
    Raises NotThere for a missing table, ToolCrashed, NotUnderstood for what is no JSON.
    """
    return _listed(runner, ["list", "table", family, table], terse, timeout)


def list_ruleset_json(runner: Runner, *, terse: bool = True, timeout: float | None = 600.0) -> dict[str, Any]:
    """`nft -j list ruleset`, all tables of all families; the same caution.

    Raises ToolCrashed, NotUnderstood for what is no JSON, and where nft says that it can't show all: then it leaves
    conditions out of rules without a word in the answer itself.
    """
    return _listed(runner, ["list", "ruleset"], terse, timeout)


def list_ruleset_text(runner: Runner, *, timeout: float | None = 600.0) -> str:
    """All tables without their sets' elements, as nft writes them: nft 1.0.6 says the devices of a chain only so."""
    return run_tool(runner, ["nft", "-t", "list", "ruleset"], "listing the rules", timeout=timeout).stdout


def _listed(runner: Runner, words: list[str], terse: bool, timeout: float | None) -> dict[str, Any]:
    argv = ["nft", "-j", *(["-t"] if terse else []), *words]
    doing = f"listing {' '.join(words[1:])}"
    done = run_tool(runner, argv, doing, timeout=timeout, help_if_crashed=_CRASH)
    said = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith(_HARMLESS)]
    if said:
        raise NotUnderstood(f"{doing} on {runner.where}: {said[0]}")
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise NotUnderstood(f"{doing} on {runner.where}: nft's answer is no JSON ({error})", _EMPTY) from error
    if not isinstance(answer, dict) or not isinstance(answer.get("nftables"), list):
        raise NotUnderstood(f"{doing} on {runner.where}: nft's answer has no list `nftables`")
    return answer


def version(runner: Runner) -> tuple[int, ...]:
    """The version of nft: (1, 0, 6). Raises ToolMissing, ToolCrashed, NotUnderstood."""
    said = run_tool(runner, ["nft", "--version"], "asking nft for its version").stdout
    for word in said.split():
        digits = word.removeprefix("v").split(".")
        if len(digits) > 1 and all(digit.isdecimal() for digit in digits):
            return tuple(map(int, digits))
    raise NotUnderstood(f"nft on {runner.where} tells no version: {said.strip()!r}")
