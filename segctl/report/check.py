"""What `check` found, as lines of text and as plain values for JSON."""

from collections.abc import Iterator

from segctl.ask.result import Checked, Told, Verified
from segctl.model.selector import show_selectors
from segctl.report.answers import plain_part, plain_way, show_verified
from segctl.report.diagnostics import plain, show_findings


def show_check(checked: Checked) -> Iterator[str]:
    """Findings that aren't known, expectations, waivers, and a line that sums them up."""
    yield from show_findings(one.finding for one in checked.told if not one.known)
    for one in checked.expectations:
        yield from show_verified(one)
    for owner, waiver, is_void in checked.waivers:
        word = "waiver past its day" if is_void else "waived"
        yield f"{word}: {waiver.span}: {waiver.code} on {owner}: {waiver.why}"
    if checked.gone:
        gone = f"{len(checked.gone)} of the baseline {'is' if len(checked.gone) == 1 else 'are'} found no more"
        yield f"{gone}: `--write-baseline` takes them out"
    yield show_sum(checked)


def show_sum(checked: Checked) -> str:
    """One line of numbers."""
    holding = sum(one.holds for one in checked.expectations)
    known = sum(one.known for one in checked.told)
    beside = f", {known} known by the baseline" if known else ""
    return (
        f"{holding} of {len(checked.expectations)} expectations hold, {len(checked.told) - known} findings "
        f"({len(checked.failing)} fail){beside}, {len(checked.waivers)} waivers"
    )


def plain_check(checked: Checked) -> dict[str, object]:
    """The same as JSON has it."""
    return {
        "schema": "segctl/check/1",
        "holds": checked.holds(),
        "findings": [_finding(one) for one in checked.told],
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
        "gone": list(checked.gone),
    }


def _finding(one: Told) -> dict[str, object]:
    beside = {"about": one.about, "fingerprint": one.fingerprint, "known": one.known}
    return {**plain(one.finding), "fails": one.fails and not one.known, **beside}


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
