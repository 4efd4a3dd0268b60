"""Large sites for measurements: deterministic, by number of segments, members and flows."""

from collections.abc import Callable
from pathlib import Path


def write_site(folder: Path, segments: int, members: int, flows: int) -> Path:
    """A site with that many segments behind 8 interfaces; each member a prefix, each flow between two segments."""
    per_segment = max(1, members // segments)

    def listed(at: int) -> str:
        return ", ".join(f'"{_block(at, part)}"' for part in range(per_segment))

    return _write(folder, segments, flows, listed)


def write_listed_site(folder: Path, segments: int, members: int, flows: int) -> Path:
    """The same with its members in side files: two of four segments have a text list, one a CSV, one endpoints.

    The endpoints of all stand in one CSV and are selected by their label; each is a single address of either family.
    """
    folder.mkdir(parents=True, exist_ok=True)
    per_segment = max(1, members // segments)
    with (folder / "endpoints.csv").open("w") as endpoints:
        endpoints.write("name,addresses,in\n")
        for at in range(segments):
            blocks = [_block(at, part) for part in range(per_segment)]
            if at % 4 < 2:
                (folder / f"s{at}.txt").write_text("# one a line\n" + "".join(f"{block}\n" for block in blocks))
            elif at % 4 == 2:
                rows = "".join(f"{number},{block},somebody\n" for number, block in enumerate(blocks))
                (folder / f"s{at}.csv").write_text(f"number,block,owner\n{rows}")
            else:
                addresses = (block.partition("/")[0].removesuffix("::") for block in blocks)
                for part, address in enumerate(addresses):
                    endpoints.write(f"h{at}-{part},{address}{'::1' if part % 2 else ''},s{at}\n")
    ways = ("{{file: s{0}.txt}}", "{{file: s{0}.txt}}", "{{file: s{0}.csv, column: block}}", "{{labels: {{in: s{0}}}}}")
    return _write(folder, segments, flows, lambda at: ways[at % 4].format(at), "endpoints: {from: endpoints.csv}")


def _write(folder: Path, segments: int, flows: int, members: Callable[[int], str], *more: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["version: 1", "site: big", *more, "segments:"]
    lines += [f"  s{at}: {{members: [{members(at)}]}}" for at in range(segments)]
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
    """Every second member is IPv6. All are disjoint up to 1,024 segments of 2,000 members."""
    if part % 2:
        return f"fd00:{segment:x}:{part:x}::/48"
    return f"10.{segment // 256 + 4 * (part // 32)}.{segment % 256}.{part % 32 * 8}/29"
