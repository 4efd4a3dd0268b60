"""Every error, warning and lint finding: one row each. `waive` names these, docs/errors.md explains them."""

from dataclasses import dataclass

from segctl.model.diagnostic import Level


@dataclass(frozen=True, slots=True)
class Code:
    """A stable code with its level, a title, what to do, and an example of a site that gets it."""

    name: str
    level: Level
    title: str
    help: str
    example: str = ""
    waivable: bool = False


def _error(name: str, title: str, help: str, example: str = "") -> Code:
    return Code(name, Level.ERROR, title, help, example)


def _warning(name: str, title: str, help: str, example: str = "") -> Code:
    return Code(name, Level.WARNING, title, help, example, waivable=True)


def _lint(name: str, title: str, help: str, example: str = "") -> Code:
    return Code(name, Level.LINT, title, help, example, waivable=True)


_ROWS: tuple[Code, ...] = (
    # policy: what a site that reads well may still mean wrongly
    _error(
        "overlap", "Two segments claim one address", "let one lie `within` the other, or take the address out of one"
    ),
    _error(
        "within-uncovered",
        "A segment lies within another that does not hold all its members",
        "widen the outer segment's members",
    ),
    _error("empty", "A segment or selector without an address", "name an address, or say `may_be_empty: true`"),
    _error(
        "emptied",
        "An outer segment is named alone, but all its addresses went to those within it",
        "say {within: NAME}, or name the inner segments",
    ),
    _error(
        "impossible", "A statement can match no packet", "give both ends an address of one family and a service of it"
    ),
    _error("forbidden", "A flow that guardrails forbid wholly", "take the flow out, or narrow the guardrail"),
    _error(
        "guarded-management",
        "A guardrail that would take management away",
        "a guardrail has no effect between management sources and points: take these out of it",
    ),
    _error(
        "management-nowhere",
        "Management from a segment that no gateway's interface lists",
        "list the segment on an interface, or name another source",
    ),
    _error(
        "wide-flow",
        "`any`, `world` or a block of the world at the other end of a segment that forbids it",
        "name the segments that need it, or waive `wide` on the flow with a reason",
    ),
    _error("why-missing", "A flow without a reason touches a segment whose profile demands one", "add `why:`"),
    _error(
        "classification-above",
        "Data classified above what the segment's profile may hold",
        "choose a stricter profile, or waive `classification` with a reason",
    ),
    _error(
        "classification-flow",
        "A flow joins restricted data with the world or a less strict segment",
        "go through a segment at least as strict as `strict`, or waive `classification` with a reason",
    ),
    _warning("classification-world", "A flow joins confidential data with the world", "go through another segment"),
    _warning(
        "wide", "`any`, `world` or a block of the world at the other end of a flow", "name the segments that need it"
    ),
    _warning("overlap-members", "Members of one segment overlap", "they are merged; take one out"),
    _warning("looser-within", "A segment is less strict than the one it lies within", "choose a stricter profile"),
    _warning(
        "uncovered",
        "A deny between segments that no point stands between",
        "put a gateway's interface or a host point between them, or waive `uncovered`",
    ),
    _warning("unbound", "A segment on no interface of any gateway: its packets die at each", "list it on an interface"),
    _warning("no-points", "A site without points: nothing enforces it", "describe the gateways under `points`"),
    _warning("expired", "A flow is past its end", "take it out, or move `until`"),
    _warning("not-yet", "A flow has not begun", "it will, at its `since`"),
    _warning("partly-forbidden", "A guardrail forbids part of a flow", "this is a note: the guardrail wins"),
)

CODES: dict[str, Code] = {row.name: row for row in _ROWS}
