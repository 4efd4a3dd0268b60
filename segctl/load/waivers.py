"""`waive`: the one form of exception, {CODE: reason} or {CODE: {why: reason, until: DATE}}."""

from segctl.load.fields import WAIVER
from segctl.load.findings import Findings
from segctl.load.record import Record, record, scalar
from segctl.load.scalars import read_text
from segctl.load.values import Map, shorten
from segctl.model.codes import CODES
from segctl.model.diagnostic import Level
from segctl.model.segment import Waiver, Waivers

DEMANDS = frozenset({"uncovered", "binding", "wide", "classification", "identity", "encryption"})
"""What may be waived beside warnings and lint: demands of the law that have no code of that name."""


def read_waivers(found: Record, findings: Findings) -> Waivers:
    """All waivers of one segment, flow, guardrail, point or interface."""
    out: list[Waiver] = []
    for key, value in found.pairs("waive"):
        code = key.text
        row = CODES.get(code)
        if code not in DEMANDS and (row is None or not row.waivable):
            known = sorted(DEMANDS.union(name for name, one in CODES.items() if one.waivable))
            what, help = f"'{shorten(code)}' is no code", findings.meant(code, known)
            if row:
                fault = "is an error: errors can't be waived" if row.level is Level.ERROR else "can't be waived"
                what, help = f"'{code}' {fault}", f"mend it: {row.help}"
            findings.add(key.span, "waive-code", what, help)
            continue
        if isinstance(value, Map):
            inner = record(value, WAIVER, findings)
            why, until = (inner.text("why"), inner.date("until")) if inner else (None, None)
        else:
            why, until = scalar(value, read_text, findings), None
        out.append(Waiver(code, why or "", key.span, until))
    return tuple(out)
