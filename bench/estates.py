"""Large sites as companies have them: zones, owners, names, strictness of all kinds; the same for the same numbers."""

import random
from pathlib import Path

APPS = ("orders", "payments", "billing", "catalogue", "search", "identity", "mail", "wiki", "build", "metrics", "erp",
        "warehouse", "crm", "print", "voice")  # fmt: skip
TIERS = ("web", "app", "db", "cache")
ZONES = ("prod-eu", "prod-us", "staging", "office", "plant", "dmz", "lab", "partners")
PROFILES = ("guarded", "guarded", "strict", "strict", "sealed", "open")
OWNERS = ("platform", "dba", "it", "ops", "cards", "shop")
SERVICES = ("tcp/443", "tcp/5432", "tcp/22", "tcp/6379", "udp/53", "tcp/8080")


def write_estate(folder: Path, segments: int, flows: int, *, seed: int = 1) -> Path:
    """That many segments behind a gateway with 8 interfaces; most flows stay in a zone, some begin in the world."""
    folder.mkdir(parents=True, exist_ok=True)
    r = random.Random(seed)
    names = [f"{APPS[at % len(APPS)]}-{TIERS[at // len(APPS) % len(TIERS)]}-{at}" for at in range(segments)]
    profiles = [r.choice(PROFILES) for _ in names]
    zones = [ZONES[at * len(ZONES) // segments] for at in range(segments)]
    lines = ["version: 1", "site: estate", "segments:"]
    for at, name in enumerate(names):
        mode = ", mode: observe" if r.random() < 0.1 else ""
        lines.append(
            f"  {name}: {{members: [10.{at >> 8}.{at & 255}.0/24], strictness: {profiles[at]},"
            f" owner: {r.choice(OWNERS)}, labels: {{zone: {zones[at]}}}{mode}}}"
        )
    lines += ["points:", "  gw1:", "    kind: gateway", "    interfaces:"]
    for place in range(8):
        listed = ", ".join(names[segments * place // 8 : segments * (place + 1) // 8])
        lines.append(f"      eth{place}: {{segments: [{listed}], addresses: [192.168.{place}.1/24]}}")
    lines.append("      wan0: {segments: [world], addresses: [203.0.113.2/24]}")
    lines.append("flows:")
    each = max(1, segments // len(ZONES))
    for at in range(flows):
        source = r.randrange(segments)
        zone = source // each * each
        at_zone = zone + r.randrange(each) if r.random() < 0.85 else r.randrange(segments)
        target = min(at_zone, segments - 1)
        public = r.random() < 0.03 and profiles[target] in ("open", "guarded")
        begin = "world" if public else names[source]
        end = f", until: 2027-0{1 + at % 9}-01T00:00:00Z" if at % 20 == 3 else ""
        lines.append(
            f"  - {{name: f{at}, from: {begin}, to: {names[target]},"
            f" services: [{r.choice(SERVICES)}], why: needed{end}}}"
        )
    (folder / "segctl.yaml").write_text("\n".join(lines) + "\n")
    return folder
