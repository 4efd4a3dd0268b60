"""Everything that `check` looks at: findings, expectations, coverage, budgets, waivers."""

from collections.abc import Iterable
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
from segctl.policy import examine
from segctl.policy.examine import findings_of
from segctl.policy.waive import all_waivers, rewaived, unwaived, void

_FAILING = {"uncovered", BUDGET}
"""Warnings that fail: a deny that nothing enforces, a limit that the site itself has set."""


def check_site(site: Site, findings: tuple[Diagnostic, ...], at: datetime, soon: timedelta = SOON) -> Checked:
    """Check a site that was read with these findings; SiteError if the law can't be applied to it at all.

    Waivers past their day are left out here, but never make a site that loads an error: what they would have silenced
    is then shown, and fails. soon: how far ahead the end of a flow is told.
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
    carriers = Carriers(site)
    told = _told((one, carriers.of(one)) for one in {*of_load, *found, *more})
    return Checked(told, judge_expectations(policy, at), waivers)


def unsound(findings: Iterable[Diagnostic]) -> Checked:
    """Of a site with errors: what was found on the way to them, for those who read reports."""
    return Checked(_told((one, "") for one in {*findings}), (), ())


def _told(findings: Iterable[tuple[Diagnostic, str]]) -> tuple[Told, ...]:
    """In order of place, each with what it is found on."""
    some = sorted(findings, key=lambda each: each[0].sort_key())
    return tuple(
        Told(finding, about, mark, finding.code in _FAILING or CODES[finding.code].level is Level.ERROR)
        for (finding, about), mark in zip(some, fingerprints(some), strict=True)
    )
