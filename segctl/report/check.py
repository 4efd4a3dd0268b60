"""What `check` found, as lines of text and as plain values for JSON."""

from collections.abc import Iterator

from segctl.ask.result import Checked, Verified
from segctl.model.selector import show_selectors
from segctl.report.answers import plain_part, plain_way, show_verified
from segctl.report.diagnostics import plain, show_findings


def show_check(checked: Checked) -> Iterator[str]:
    """Findings, expectations, waivers, and a line that sums them up."""
    yield from show_findings(checked.findings)
    for one in checked.expectations:
        yield from show_verified(one)
    for owner, waiver, is_void in checked.waivers:
        word = "waiver past its day" if is_void else "waived"
        yield f"{word}: {waiver.span}: {waiver.code} on {owner}: {waiver.why}"
    holding = sum(one.holds for one in checked.expectations)
    yield (
        f"{holding} of {len(checked.expectations)} expectations hold, {len(checked.findings)} findings "
        f"({len(checked.failing)} fail), {len(checked.waivers)} waivers"
    )


def plain_check(checked: Checked) -> dict[str, object]:
    """The same as JSON has it."""
    return {
        "schema": "segctl/check/1",
        "holds": checked.holds(),
        "findings": [{**plain(finding), "fails": finding in checked.failing} for finding in checked.findings],
        "expectations": [_expectation(one) for one in checked.expectations],
        "waivers": [
            {
                "code": waiver.code,
                "on": owner,
                "why": waiver.why,
                "place": str(waiver.span),
                "until": waiver.until.isoformat() if waiver.until else None,
                "void": is_void,
            }
            for owner, waiver, is_void in checked.waivers
        ],
    }


def _expectation(one: Verified) -> dict[str, object]:
    said = one.expected
    return {
        "place": str(said.span),
        "from": show_selectors(said.source),
        "to": show_selectors(said.destination),
        "services": [service.name for service in said.services],
        "is": said.expected.value,
        "holds": one.holds,
        "parts": [plain_part(part) for part in one.parts],
        "way": plain_way(one.way),
    }
