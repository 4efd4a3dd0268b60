"""What `check` found as JUnit XML, which every CI shows: one case for each expectation, one for what fails beside."""

from collections import Counter
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from segctl.ask.result import Checked, Told, Verified
from segctl.report.answers import expected, show_verified
from segctl.report.diagnostics import show_finding
from segctl.report.places import Places


def junit(checked: Checked, site: str, places: Places, *, strict: bool = False) -> str:
    """Two suites: the expectations, and the findings that fail the check (with `strict` all that aren't known)."""
    failing = [one for one in checked.told if (one.fails or strict) and not one.known]
    root = Element("testsuites", name=f"segctl check {site}")
    _expectations(root, checked.expectations, places)
    _findings(root, failing, places)
    for key in ("tests", "failures"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


def _expectations(root: Element, some: Iterable[Verified], places: Places) -> None:
    suite = _suite(root, "expectations")
    seen: Counter[str] = Counter()
    for one in some:
        name = expected(one.expected)
        seen[name] += 1
        title = name if seen[name] == 1 else f"{name} ({seen[name]})"  # a case is known by its name
        case = _case(suite, title, places.path(one.expected.span), one.expected.span.line)
        if not one.holds:
            _, *shown = show_verified(one)
            _failure(suite, case, "expectation", f"not so: {name}", "\n".join(shown))


def _findings(root: Element, some: Iterable[Told], places: Places) -> None:
    suite = _suite(root, "findings")
    for one in some:
        finding = one.finding
        name = f"{finding.code}: {finding.what}"
        case = _case(suite, name, places.path(finding.span), finding.span.line)
        _failure(suite, case, finding.code, finding.what, show_finding(finding))


def _suite(root: Element, name: str) -> Element:
    return SubElement(root, "testsuite", name=name, tests="0", failures="0", errors="0", skipped="0")


def _case(suite: Element, name: str, file: str, line: int) -> Element:
    suite.set("tests", str(int(suite.get("tests", "0")) + 1))
    return SubElement(suite, "testcase", classname=file, name=name, file=file, line=str(line), time="0")


def _failure(suite: Element, case: Element, kind: str, message: str, text: str) -> None:
    suite.set("failures", str(int(suite.get("failures", "0")) + 1))
    SubElement(case, "failure", type=kind, message=message).text = text
