"""The table of docs/checks.md, from the codes themselves.

`python -m tests.pages.checks` writes it as it is now.
"""

from pathlib import Path

from segctl.ask.check import FAILING
from segctl.model.codes import CODES, Code
from segctl.model.diagnostic import Level

PAGE = Path(__file__).parents[2] / "docs" / "checks.md"
_HEAD = ["| code | severity | what it means | how to mend it | waived on |", "|---|---|---|---|---|"]
ON = {  # where what offends is written
    "segment": {"overlap-members", "looser-within", "uncovered", "unbound", "over-budget", "unused-segment"},
    "`points`": {"no-points"},
    "interface": {"misplaced"},
    "segment, flow": {"no-owner"},
    "flow, guardrail": {"equal-statements"},
    "whatever carries it": {"idle-waiver"},
}


def table() -> list[str]:
    """One row for each code that `check` may show of a site that loads."""
    levels = list(Level)
    some = [row for row in CODES.values() if row.level is not Level.ERROR and not row.of_audit]
    some.sort(key=lambda row: (row.name not in FAILING, levels.index(row.level), row.name))
    return _HEAD + [_row(one) for one in some]


def _row(one: Code) -> str:
    severity = f"{one.level}, fails" if one.name in FAILING else str(one.level)
    where = next((on for on, codes in ON.items() if one.name in codes), "flow") if one.waivable else "never"
    return f"| [`{one.name}`](errors.md#{one.name}) | {severity} | {one.title} | {one.help} | {where} |"


def renewed(text: str) -> str:
    """The page with the table as it is now."""
    head, _, rest = text.partition(_HEAD[0])
    after = rest.partition("\n\n")[2]
    return head + "\n".join(table()) + "\n\n" + after


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text()))
