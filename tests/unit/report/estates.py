"""Sites of any size with names, flows and rules as companies have them; the same for the same numbers."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime

from segctl.model.flow import Flow, Management
from segctl.model.segment import Segment, Waiver
from segctl.model.site import Site
from segctl.model.strictness import Classification
from tests.unit.report.sites import SERVICES, SPAN, flow, gateway, guardrail, segment, select, site

APPS = ("orders", "payments", "billing", "catalogue", "search", "identity", "mail", "wiki", "build", "metrics", "erp",
        "warehouse", "crm", "print", "voice")  # fmt: skip
TIERS = ("web", "app", "db", "cache")
ZONES = ("prod", "staging", "office", "plant", "dmz")
PROFILES = ("guarded", "guarded", "strict", "strict", "sealed", "open", "lab")
MODES = ("enforce", "enforce", "enforce", "observe", "ssh smb")
OWNERS = ("platform-team", "dba", "it", "ops", "Payments & Cards <cards@shop.example>", None)
SETS = ("https", "postgres", "ssh ping", "redis", "smb rdp", "https ssh postgres redis", "ssh")
LONG = "customer-relationship-management-reporting-warehouse-europe-n1"


def names(number: int) -> list[str]:
    """As many different ones as are asked for; each eleventh as long as a name may be."""
    out: list[str] = []
    for n in range(number):
        app, tier = APPS[n % len(APPS)], TIERS[(n // len(APPS)) % len(TIERS)]
        again = f"-{n // 60}" if n >= 60 else ""
        out.append(f"{LONG[: 63 - len(f'{n:x}')]}{n:x}" if n % 11 == 3 else f"{app}-{tier}{again}")
    return out


def estate(number: int, flows: int, *, seed: int = 1) -> Site:
    """A site of `number` segments and `flows` flows: both families, zones as labels, islands, waivers, ends."""
    r = random.Random(seed)
    called = names(number)
    segments = [_segment(r, n, name) for n, name in enumerate(called)]
    for n in range(number // 10 + 1):
        outer = called[n * 7 % number]
        segments.append(segment(f"island-{n}", "sealed", _net(n * 7 % number, "0.8/30"), within=outer,
                                owner="dba", classification=Classification.RESTRICTED))  # fmt: skip
    links = {"e0": ("world", "203.0.113.2/24")}
    for n in range(0, number, 3):  # three segments share an interface
        behind = called[n : n + 3] + [s.name for s in segments[number:] if s.within in called[n : n + 3]]
        links[f"e{n + 1}"] = (" ".join(behind), _net(n, "0.1/24"))
    made = site(
        segments,
        flows=[_flow(r, n, called) for n in range(flows)],
        guardrails=[
            guardrail("no-sideways", called[0], "any", "smb rdp", why="no sideways"),
            guardrail("pci-1-4", called[1], called[2], why="PCI DSS 1.4", owner="ciso"),
        ],
        management=[Management("management ops", SPAN, select(called[0]), (SERVICES["ssh"],))],
        points=[gateway("gw1", links)],
        name=f"estate-{number}",
    )
    return replace(made, segments=dict(sorted(made.segments.items())))


def _net(n: int, rest: str) -> str:
    return f"{10 + n // 256}.{n % 256}.{rest}"


def _segment(r: random.Random, n: int, name: str) -> Segment:
    waivers = (Waiver("uncovered", "one switch until spring", SPAN, date(2027, 3, 31)),) if r.random() < 0.15 else ()
    return segment(
        name, r.choice(PROFILES), f"{_net(n, '0.0/24')} fd00:{n:x}::/64", r.choice(MODES), owner=r.choice(OWNERS),
        labels={"zone": ZONES[n % len(ZONES)]}, waive=waivers,
        classification=r.choice([None, None, Classification.INTERNAL, Classification.CONFIDENTIAL]),
    )  # fmt: skip


def _flow(r: random.Random, n: int, called: list[str]) -> Flow:
    source, target = r.sample(called, 2)
    if r.random() < 0.15:
        source = "world"
    more: dict[str, object] = {"why": f"the reason of line {n}, told in a sentence as long as people write them"}
    chance = r.random()
    if chance < 0.15:
        more["until"] = datetime(2026, 6, 1, tzinfo=UTC)
    elif chance < 0.25:
        more["until"] = datetime(2027, 6, 1, 18, tzinfo=UTC)
    elif chance < 0.3:
        more["since"] = datetime(2027, 1, 1, tzinfo=UTC)
    if r.random() < 0.1:
        more["waive"] = (Waiver("wide", "a shop is for everybody", SPAN),)
    return flow(f"flow-{n}", source, target, r.choice(SETS), owner=r.choice(OWNERS), **more)
