"""Large sites for measurements: deterministic, by number of segments, members and flows."""

from pathlib import Path


def write_site(folder: Path, segments: int, members: int, flows: int) -> Path:
    """A site with that many segments behind 8 interfaces; each member a prefix, each flow between two segments."""
    folder.mkdir(parents=True, exist_ok=True)
    per_segment = max(1, members // segments)
    lines = ["version: 1", "site: big", "segments:"]
    for at in range(segments):
        blocks = ", ".join(f'"{_block(at, part)}"' for part in range(per_segment))
        lines.append(f"  s{at}: {{members: [{blocks}]}}")
    lines += ["points:", "  gw1:", "    kind: gateway", "    interfaces:"]
    for place in range(8):
        listed = ", ".join(f"s{at}" for at in range(place, segments, 8))
        lines.append(f"      eth{place}: {{segments: [{listed}], addresses: [192.168.{place}.1/24]}}")
    lines.append("      wan0: {segments: [world], addresses: [203.0.113.2/24]}")
    lines.append("flows:")
    for at in range(flows):
        source, target = at % segments, (at * 7 + at // segments + 1) % segments
        port = 1024 + at % 40000
        lines.append(f'  - {{name: f{at}, from: s{source}, to: s{target}, services: [tcp/{port}], why: "flow {at}"}}')
    (folder / "segctl.yaml").write_text("\n".join(lines) + "\n")
    return folder


def _block(segment: int, part: int) -> str:
    """Every second member is IPv6."""
    if part % 2:
        return f"fd00:{segment:x}:{part:x}::/48"
    return f"10.{segment // 256 + 4 * (part // 32)}.{segment % 256}.{part % 32 * 8}/29"
