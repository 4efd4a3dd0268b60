"""What `check` found as SARIF 2.1.0 (OASIS, errata 01), for code scanning and editors."""

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256

from segctl import __version__
from segctl.ask.result import Checked, Told, Verified
from segctl.model.codes import CODES
from segctl.model.diagnostic import Level, Note
from segctl.model.span import Span
from segctl.report.answers import expected, show_verified
from segctl.report.places import Places

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
EXPECTATION = "expectation"
"""The rule of the site's own tests: they have no code."""
_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.LINT: "note"}
_LENGTH = 32


def sarif(checked: Checked, site: str, places: Places, *, strict: bool = False) -> str:
    """One run. What fails the check is an error, whatever its code's own level.

    `partialFingerprints` stay when lines move; `primaryLocationLineHash` is the name under which GitHub looks for one.
    What the baseline knows is there, and suppressed.
    """
    rules = [EXPECTATION, *sorted({one.finding.code for one in checked.told})]
    numbers = {name: at for at, name in enumerate(rules)}
    results = [_finding(one, numbers, places, strict) for one in checked.told]
    results += [_failed(one, numbers, places) for one in checked.expectations if not one.holds]
    driver = {"name": "segctl", "semanticVersion": __version__, "rules": [_rule(name) for name in rules]}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"segctl-check/{site}/"},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(name: str) -> dict[str, object]:
    if name == EXPECTATION:
        title, help, level = (
            "A test of the site itself fails",
            "see what allows or denies it: `segctl explain`",
            "error",
        )
    else:
        row = CODES[name]
        title, help, level = row.title, f"{row.help}; `segctl codes {name}` explains it", _LEVELS[row.level]
    return {
        "id": name,
        "shortDescription": {"text": title},
        "help": {"text": help},
        "defaultConfiguration": {"level": level},
    }


def _finding(one: Told, numbers: dict[str, int], places: Places, strict: bool) -> dict[str, object]:
    finding = one.finding
    level = "error" if one.fails or strict else _LEVELS[CODES[finding.code].level]
    text = f"{finding.what}\nhelp: {finding.help}" if finding.help else finding.what
    result = _result(finding.code, numbers, level, text, _location(finding.span, places, one.about))
    result["partialFingerprints"] = _prints(one.fingerprint)
    if related := list(_related(finding.notes, places)):
        result["relatedLocations"] = related
    if one.known:
        result["suppressions"] = [{"kind": "external", "justification": "known by the baseline"}]
    return result


def _failed(one: Verified, numbers: dict[str, int], places: Places) -> dict[str, object]:
    what = expected(one.expected)
    _, *shown = show_verified(one)
    text = "\n".join((f"expected, and not so: {what}", *shown))
    result = _result(EXPECTATION, numbers, "error", text, _location(one.expected.span, places))
    result["partialFingerprints"] = _prints(sha256(what.encode()).hexdigest()[:_LENGTH] + ":1")
    return result


def _result(
    rule: str, numbers: dict[str, int], level: str, text: str, location: dict[str, object]
) -> dict[str, object]:  # fmt: skip
    return {
        "ruleId": rule, "ruleIndex": numbers[rule], "level": level, "message": {"text": text}, "locations": [location],
    }  # fmt: skip


def _prints(mark: str) -> dict[str, str]:
    return {"segctl/v1": mark, "primaryLocationLineHash": mark}


def _location(span: Span, places: Places, about: str = "") -> dict[str, object]:
    found: dict[str, object] = {
        "physicalLocation": {
            "artifactLocation": {"uri": places.uri(span), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": span.line, "startColumn": span.column},
        }
    }
    if about:
        found["logicalLocations"] = [{"fullyQualifiedName": about}]
    return found


def _related(notes: Iterable[Note], places: Places) -> Iterator[dict[str, object]]:
    for note in notes:
        if note.span is not None and places.holds(note.span):
            yield {**_location(note.span, places), "message": {"text": note.text}}
