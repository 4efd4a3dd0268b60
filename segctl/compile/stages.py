"""The steps of the decision that look up declared lines, in the law's order."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from segctl.compile.allowances import Allowances
from segctl.compile.lookups import Ruled, build_stage
from segctl.compile.ruleset import DenyChain, NamedMap, Stage
from segctl.compile.tokens import Name
from segctl.model.strictness import Answer, Log


def build_stages(found: Allowances) -> tuple[dict[str, Stage], list[NamedMap]]:
    """Management, guardrails, what mends the quarantined, flows; with all maps of theirs."""
    ruled: Mapping[str, Sequence[tuple[Ruled, datetime | None]]] = {
        "manage": [(one, None) for one in found.management],
        "guard": [(one, None) for one in found.guardrails],
        "remedy": [(one, one.until) for one in found.flows if one.remediation],
        "flow": [(one, one.until) for one in found.flows],
    }
    stages: dict[str, Stage] = {}
    maps: list[NamedMap] = []
    for name, statements in ruled.items():
        stages[name], made = build_stage(name, statements)
        maps += made
    return stages, maps


def guard_chains(found: Allowances) -> tuple[DenyChain, ...]:
    """A chain for each guardrail, so that its log names it."""
    return tuple(
        DenyChain(Name(f"deny_guard_{one.base}"), Answer.DROP, Log.DENIES, one.base) for one in found.guardrails
    )
