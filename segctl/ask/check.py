"""Everything that `check` looks at: findings, expectations, coverage, budgets, waivers."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from segctl.ask.carrier import Carriers
from segctl.ask.expect import judge_expectations
from segctl.ask.fingerprint import fingerprints
from segctl.ask.lint import SOON, lint_site
from segctl.ask.lint.budget import CODE as BUDGET
from segctl.ask.lint.idle import idle_waivers
from segctl.ask.result import Checked, Told
from segctl.model.codes import CODES
from segctl.model.diagnostic import Diagnostic, Level, SiteError
from segctl.model.site import Site
from segctl.policy import Policy, examine
from segctl.policy.examine import findings_of
from segctl.policy.waive import all_waivers, rewaived, unwaived, void

_FAILING = {"uncovered", BUDGET}
"""Warnings that fail: a deny that nothing enforces, a limit that the site itself has set."""


def check_site(
    site: Site,
    findings: tuple[Diagnostic, ...],
    at: datetime,
    soon: timedelta = SOON,
    known: Collection[str] = (),
) -> Checked:
    """Check a site that was read with these findings; SiteError if the law can't be applied to it at all.

    Waivers past their day are left out here, but never make a site that loads an error: what they would have silenced
    is then shown, and fails. known: fingerprints of a baseline; they never excuse an error.
    """
    examined = examine(site, at)
    if examined.policy is None:
        raise SiteError((*findings, *examined.findings))
    policy = examined.policy
    today = at.astimezone(UTC).date()
    waivers = tuple((owner, waiver, void(waiver, today)) for owner, waiver in all_waivers(site))
    demanding, found = policy, examined.findings
    if any(is_void for *_, is_void in waivers):
        demanding = rewaived(policy, lambda waiver: not void(waiver, today))
        found = findings_of(demanding, at)
    of_load = unwaived(findings, demanding.site)
    more = (*lint_site(demanding, at, soon), *idle_waivers(policy, findings, at, soon))
    told = _told(demanding, {*of_load, *found, *more}, known)
    gone = tuple(sorted({*known} - {one.fingerprint for one in told}))
    return Checked(told, judge_expectations(policy, at), waivers, gone)


def _told(policy: Policy, findings: set[Diagnostic], known: Collection[str]) -> tuple[Told, ...]:
    """In order of place, each with what it is found on."""
    carriers = Carriers(policy.site)
    some = [(one, carriers.of(one)) for one in sorted(findings, key=Diagnostic.sort_key)]
    found = []
    for (finding, about), mark in zip(some, fingerprints(some), strict=True):
        is_error = CODES[finding.code].level is Level.ERROR
        fails = is_error or finding.code in _FAILING
        found.append(Told(finding, about, mark, fails, mark in known and not is_error))
    return tuple(found)
