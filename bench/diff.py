"""What does it cost to tell what a change opens and closes, beside loading the site and working out what it means?

    python bench/diff.py [SEGMENTS MEMBERS FLOWS]

Changes of a site with 1,000 segments, 10,000 members and 10,000 flows, from one line to all of them, each policy made
anew: medians of the rounds of one run, as processor time, and the ratio to the load of the YAML.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from segctl.ask.diff import difference
from segctl.load import load_site
from segctl.model.segment import Segment
from segctl.model.selector import Named
from segctl.model.site import Site
from segctl.model.strictness import OBSERVE
from segctl.policy import Policy, examine

sys.path.insert(0, str(Path(__file__).parent))  # a script's own folder, wherever it is started
from sites import write_site

ROUNDS = 5


def with_segments(site: Site, change: Callable[[Segment], Segment], names: tuple[str, ...] = ()) -> Site:
    """All that aren't built in, or those that are named, changed."""
    chosen = {name for name, one in site.segments.items() if (name in names if names else not one.built_in)}
    return replace(site, segments={n: change(one) if n in chosen else one for n, one in site.segments.items()})


def widened(site: Site) -> Site:
    """One flow more, from anybody to anybody."""
    first = site.flows[0]
    anybody = (Named("any", first.span),)
    return replace(site, flows=(*site.flows, replace(first, name="wide", source=anybody, destination=anybody)))


def shifted(site: Site) -> Site:
    """Every second flow with the next one's service."""
    services = [flow.services for flow in site.flows]
    return replace(
        site,
        flows=tuple(
            replace(flow, services=services[(at + 1) % len(services)]) if at % 2 else flow
            for at, flow in enumerate(site.flows)
        ),
    )


CHANGES: dict[str, Callable[[Site], Site]] = {
    "nothing": lambda site: site,
    "one flow taken out": lambda site: replace(site, flows=site.flows[1:]),
    "one segment stricter": lambda site: with_segments(
        site, lambda one: replace(one, profile=site.profiles["strict"]), ("s5",)
    ),
    "one flow more, any to any": widened,
    "all segments observe": lambda site: with_segments(site, lambda one: replace(one, mode=OBSERVE)),
    "all segments stricter": lambda site: with_segments(
        site, lambda one: replace(one, profile=site.profiles["strict"])
    ),
    "every second flow another service": shifted,
    "all flows taken out": lambda site: replace(site, flows=()),
}


def meant(site: Site, at: datetime) -> Policy:
    policy = examine(site, at).policy
    assert policy is not None
    return policy


def main() -> None:
    segments, members, flows = (int(word) for word in sys.argv[1:4]) if len(sys.argv) > 3 else (1000, 10_000, 10_000)
    at = datetime.now(UTC)
    took: dict[str, list[float]] = {}
    rows: dict[str, int] = {}

    def timed(name: str, begin: float) -> None:
        took.setdefault(name, []).append(time.process_time() - begin)

    with TemporaryDirectory() as folder:
        write_site(Path(folder), segments, members, flows)
        for _ in range(ROUNDS):
            begin = time.process_time()
            site = load_site(Path(folder)).site
            timed("load", begin)
            assert site is not None
            begin = time.process_time()
            meant(site, at)
            timed("examine", begin)
            for name, change in CHANGES.items():
                before, after = meant(site, at), meant(change(site), at)
                begin = time.process_time()
                rows[name] = len(difference(before, after, at).rows)
                timed(name, begin)
    base = median(took["load"])
    print(f"{segments} segments, {members} members, {flows} flows, seconds of the processor")
    for name, rounds in took.items():
        told = f"  {rows[name]:6} rows" if name in rows else ""
        print(f"  {name:34} {median(rounds):7.2f}   {median(rounds) / base:5.2f} x load{told}")


if __name__ == "__main__":
    main()
