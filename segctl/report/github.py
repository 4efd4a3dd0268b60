"""What `check` found as workflow commands: annotations at the lines of a pull request.

Source: docs.github.com, Workflow commands for GitHub Actions; how values are escaped: actions/toolkit, command.ts.
"""

from collections.abc import Iterator

from segctl.ask.result import Checked
from segctl.model.codes import CODES
from segctl.model.diagnostic import Level
from segctl.model.span import Span
from segctl.report.answers import expected, show_verified
from segctl.report.check import show_sum
from segctl.report.places import Places

_WORDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.LINT: "notice"}


def github(checked: Checked, places: Places, *, strict: bool = False) -> Iterator[str]:
    """One line for each finding that isn't known and each expectation that fails; then the sum, as plain text."""
    for one in checked.told:
        if one.known:
            continue
        finding = one.finding
        word = "error" if one.fails or strict else _WORDS[CODES[finding.code].level]
        text = f"{finding.what}\nhelp: {finding.help}" if finding.help else finding.what
        yield _command(word, finding.span, finding.code, text, places)
    for failed in (one for one in checked.expectations if not one.holds):
        _, *shown = show_verified(failed)
        text = "\n".join((f"expected, and not so: {expected(failed.expected)}", *shown))
        yield _command("error", failed.expected.span, "expectation", text, places)
    yield show_sum(checked)


def _command(word: str, span: Span, title: str, text: str, places: Places) -> str:
    values = {"file": places.path(span), "line": span.line, "col": span.column, "title": f"segctl {title}"}
    said = ",".join(f"{key}={_value(str(value))}" for key, value in values.items())
    return f"::{word} {said}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
