"""Waivers that waive nothing: what they were for is mended, and they would hide the next mistake."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from segctl.ask.carrier import Carriers
from segctl.ask.lint import lint_site
from segctl.ask.lint.budget import CODE as BUDGET
from segctl.model.diagnostic import Diagnostic
from segctl.model.segment import Waiver
from segctl.policy import Policy, loose
from segctl.policy.examine import findings_of
from segctl.policy.match import Statements
from segctl.policy.placement import uncovered_pairs
from segctl.policy.waive import all_waivers, rewaived

CODE = "idle-waiver"
_SILENCES = {  # demands that have no code of their name, and those that take several codes
    "wide": {"wide", "wide-flow"},
    "classification": {"classification-above", "classification-flow", "classification-world", "classified-down"},
}
_LATER = {"identity", "encryption"}  # nothing demands these yet
_OF_ALL_FLOWS = {"already-allowed", "unused-segment", "no-owner"}  # one flow hangs on the others


def idle_waivers(
    policy: Policy, of_load: Iterable[Diagnostic], at: datetime, soon: timedelta
) -> Iterator[Diagnostic]:  # fmt: skip
    """Each that no finding needs, were nothing waived; one past its day, too."""
    waivers = list(all_waivers(policy.site))
    if not waivers:
        return
    needed = _needed(policy, of_load, at, soon, {waiver.code for _, waiver in waivers})
    idle = [(owner, waiver) for owner, waiver in waivers if waiver.code != CODE and not _works(owner, waiver, needed)]
    owners = {owner for owner, _ in idle}
    meant = {owner for owner, waiver in waivers if waiver.code == CODE}
    idle += [(owner, waiver) for owner, waiver in waivers if waiver.code == CODE and owner not in owners]
    for owner, waiver in idle:
        if owner not in meant or waiver.code == CODE:
            what = f"{owner} waives {waiver.code}, and nothing there needs it"
            yield Diagnostic(waiver.span, CODE, what, "take the waiver out: it would hide the next one")


def _works(owner: str, waiver: Waiver, needed: set[tuple[str, str]]) -> bool:
    codes = _SILENCES.get(waiver.code, {waiver.code})
    return waiver.code in _LATER or any((code, owner) in needed or (code, "") in needed for code in codes)


def _needed(
    policy: Policy, of_load: Iterable[Diagnostic], at: datetime, soon: timedelta, codes: set[str]
) -> set[tuple[str, str]]:  # fmt: skip
    """Codes with what they are found on, were nothing waived; '' is what is found on the whole site."""
    bare = rewaived(policy, lambda waiver: False)
    carriers = Carriers(policy.site)
    found = {(one.code, carriers.of(one)) for one in of_load}
    for pair in uncovered_pairs(bare):
        found |= {("uncovered", f"segment '{segment.name}'") for segment in pair}
    for gateway in bare.site.gateways():
        for interface in gateway.interfaces.values():
            if not loose(bare, interface):
                found.add(("binding", f"interface '{interface.name}' of '{gateway.name}'"))
    if not codes & _OF_ALL_FLOWS:  # of thousands those few are enough that waive something
        names = {flow.name for flow in policy.site.flows if flow.waive}
        flows = tuple(flow for flow in bare.site.flows if flow.name in names)
        kept = tuple(one for one in bare.flows.items if one.said.name in names)
        bare = replace(bare, site=replace(bare.site, flows=flows), flows=Statements(kept))
    told = (*findings_of(bare, at), *lint_site(bare, at, soon, budgets=BUDGET in codes))
    return found | {(one.code, carriers.of(one)) for one in told}
