"""Everything that `check` looks at: findings, expectations, coverage, waivers."""

from datetime import UTC, datetime

from segctl.ask.expect import judge_expectations
from segctl.ask.result import Checked
from segctl.model.codes import CODES
from segctl.model.diagnostic import Diagnostic, Level, SiteError
from segctl.model.site import Site
from segctl.policy import examine
from segctl.policy.waive import all_waivers, unwaived, void, without_void_waivers


def check_site(site: Site, findings: tuple[Diagnostic, ...], at: datetime) -> Checked:
    """Check a site that was read with these findings; SiteError if the law can't be applied to it at all.

    Waivers past their day are left out here, but never make a site that loads an error: what they would have silenced
    is then shown, and fails.
    """
    today = at.astimezone(UTC).date()
    as_written = examine(site, at)
    if as_written.policy is None:
        raise SiteError((*findings, *as_written.findings))
    demanding = without_void_waivers(site, today)
    strictly = examine(demanding, at)
    found = tuple(sorted({*unwaived(findings, demanding), *strictly.findings}, key=Diagnostic.sort_key))
    results = judge_expectations(as_written.policy, at)
    failing = tuple(f for f in found if f.code == "uncovered" or CODES[f.code].level is Level.ERROR)
    waivers = tuple((owner, waiver, void(waiver, today)) for owner, waiver in all_waivers(site))
    return Checked(found, failing, results, waivers)
