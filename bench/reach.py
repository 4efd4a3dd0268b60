"""How long do the far questions take, beside loading the site?

    python bench/reach.py [SEGMENTS MEMBERS FLOWS]

On 1,000 segments with 10,000 flows: all hops, all segments' blast radius and exposure, a path with its cut, and what a
change of one flow does in several hops. Processor time within one process, medians of rounds beside loads in turn.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

sys.path.insert(0, str(Path(__file__).parent))  # a script's own folder, wherever it is started
from sites import write_site

from segctl.ask.blast import Blasts
from segctl.ask.can import asked_addresses
from segctl.ask.diff import difference
from segctl.ask.far import far, later
from segctl.ask.reach import reach
from segctl.ask.severed import path
from segctl.load import load_site, parse_selector
from segctl.policy import Policy, examine

ROUNDS = 5
AT = datetime(2026, 1, 1, tzinfo=UTC)


def spent(work: Callable[[], object]) -> float:
    begun = process_time()
    work()
    return process_time() - begun


def loaded(folder: Path) -> Policy:
    site = load_site(folder).site
    assert site is not None
    policy = examine(site, AT).policy
    assert policy is not None
    return policy


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:4]] if len(sys.argv) > 3 else [1000, 10_000, 10_000]
    with TemporaryDirectory() as name:
        folder = write_site(Path(name) / "site", *sizes)
        policy = loaded(folder)
        first, last = (asked_addresses(policy, parse_selector(end, policy.site), inner=True) for end in ("s1", "s2"))
        fewer = examine(replace(policy.site, flows=policy.site.flows[1:]), AT).policy
        assert fewer is not None
        works: dict[str, Callable[[], object]] = {
            "load and examine": lambda: loaded(folder),
            "reach: all segments": lambda: Blasts(reach(policy, AT)).nearest(),
            "blast: radius and exposure of all": lambda: Blasts(reach(policy, AT)).exposures(),
            "blast of one segment": lambda: Blasts(reach(policy, AT)).of(first),
            "path and cut": lambda: path(policy, AT, first, last),
            "diff: one hop, one flow more": lambda: difference(fewer, policy, AT),
            "diff: several hops, and later": lambda: (
                far(fewer, policy, AT),
                later(fewer, policy, difference(fewer, policy, AT)),
            ),
        }
        rounds = [[spent(work) for work in works.values()] for _ in range(ROUNDS)]
    medians = [median(column) for column in zip(*rounds, strict=True)]
    print(f"{sizes[0]} segments, {sizes[1]} members, {sizes[2]} flows, seconds of the processor")
    for word, seconds in zip(works, medians, strict=True):
        print(f"  {word:34} {seconds:7.3f}   {seconds / medians[0]:6.2f} x load")


if __name__ == "__main__":
    main()
