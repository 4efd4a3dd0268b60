"""A site that reads well, held against the law: its policy, and everything that cannot be meant."""

from dataclasses import dataclass, replace
from datetime import datetime

from segctl.model.codes import CODES
from segctl.model.diagnostic import Diagnostic, Level
from segctl.model.site import Site
from segctl.policy.demands import demands
from segctl.policy.lint import lint
from segctl.policy.partition import partition
from segctl.policy.placement import placement
from segctl.policy.policy import Policy, make_policy
from segctl.policy.statements import statement_findings


@dataclass(frozen=True, slots=True)
class Examined:
    """`policy` is None if any finding is an error; findings are in order of place."""

    policy: Policy | None
    findings: tuple[Diagnostic, ...]


def examine(site: Site, at: datetime) -> Examined:
    """Work out what the site means, and report every problem at once."""
    made, contradictions = partition(site)
    if contradictions:  # statements about a broken partition would only mislead
        return Examined(None, _sorted(contradictions))
    policy = make_policy(site, made)
    found = findings_of(policy, at)
    broken = any(CODES[finding.code].level is Level.ERROR for finding in found)
    return Examined(None if broken else policy, found)


def findings_of(policy: Policy, at: datetime) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a site whose members don't contradict each other, in order of place."""
    of_statements = dict.fromkeys(  # one place may offend twice alike
        (*statement_findings(policy, at), *demands(policy), *lint(policy, at))
    )
    return _sorted((*of_statements, *placement(policy)))


def _sorted(findings: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """In order of place, each with a help: its code's own where it has no better one."""
    helped = (one if one.help else replace(one, help=CODES[one.code].help) for one in findings)
    return tuple(sorted(helped, key=Diagnostic.sort_key))
