"""How long the whole of `check` takes on a large site, beside loading its YAML.

    python bench/check.py [SEGMENTS MEMBERS FLOWS]     (default 1,000 10,000 10,000)

In one process, seconds of the processor, medians of three rounds: loading, then everything that `check` looks at. Then
what else a site may ask for, each alone beside the plain one:

- waivers on every tenth flow, all at work: what they waive is looked for as well;
- a hundred expectations of verdicts;
- a budget on one segment, on twenty: then who reaches whom is worked out;
- flows that others cover: every tenth one twice, and one from any to any that covers all.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from segctl.ask.check import check_site
from segctl.load import load_site
from segctl.model.flow import Expectation, Expected, Flow
from segctl.model.segment import Waiver
from segctl.model.selector import ANY, Named
from segctl.model.service import ALL_TRAFFIC, Service
from segctl.model.site import Site

sys.path.insert(0, str(Path(__file__).parent))  # a script's own folder, wherever it is started
from sites import write_site

ROUNDS = 3


def waived(site: Site) -> Site:
    """Reviews that are due, and are waived."""

    def one(at: int, flow: Flow) -> Flow:
        waiver = Waiver("review-due", "it is known", flow.span)
        return replace(flow, review_by=date(2020, 1, 1), waive=(waiver,)) if at % 10 == 0 else flow

    return replace(site, flows=tuple(one(at, flow) for at, flow in enumerate(site.flows)))


def expecting(site: Site) -> Site:
    """That each of some flows is there."""
    those = site.flows[:: max(1, len(site.flows) // 100)]
    said = (Expectation(one.span, one.source, one.destination, one.services, Expected.ALLOWED) for one in those)
    return replace(site, expectations=tuple(said))


def limited(site: Site, names: tuple[str, ...]) -> Site:
    segments = {name: replace(one, budget=1) if name in names else one for name, one in site.segments.items()}
    return replace(site, segments=segments)


def doubled(site: Site) -> Site:
    """The copies are called otherwise."""
    return replace(site, flows=(*site.flows, *(replace(one, name=f"{one.name}-2") for one in site.flows[::10])))


def covered(site: Site) -> Site:
    first = site.flows[0]
    every = Named(ANY, first.span)
    service = Service("all", ALL_TRAFFIC, first.span)
    one = replace(first, name="all", source=(every,), destination=(every,), services=(service,))
    return replace(site, flows=(*site.flows, one))


KINDS: dict[str, Callable[[Site], Site]] = {
    "check": lambda site: site,
    "with waivers on every tenth flow": waived,
    "with 100 expectations": expecting,
    "with a budget on one segment": lambda site: limited(site, ("s5",)),
    "with a budget on 20 segments": lambda site: limited(site, tuple(site.segments)[-20:]),
    "with every tenth flow twice": doubled,
    "with a flow that covers all": covered,
}


def main() -> None:
    segments, members, flows = (int(word) for word in sys.argv[1:4]) if len(sys.argv) > 3 else (1000, 10_000, 10_000)
    at = datetime.now(UTC)
    took: dict[str, list[float]] = {}
    found: dict[str, int] = {}
    with TemporaryDirectory() as folder:
        write_site(Path(folder), segments, members, flows)
        for _ in range(ROUNDS):
            begin = time.process_time()
            loaded = load_site(Path(folder))
            took.setdefault("load", []).append(time.process_time() - begin)
            assert loaded.site is not None
            for name, change in KINDS.items():
                site = change(loaded.site)
                begin = time.process_time()
                found[name] = len(check_site(site, loaded.findings, at).told)
                took.setdefault(name, []).append(time.process_time() - begin)
    base = median(took["load"])
    print(f"{segments} segments, {members} members, {flows} flows, seconds of the processor, {ROUNDS} rounds")
    for name, rounds in took.items():
        told = f"   {found[name]} findings" if name in found else ""
        print(f"  {name:34} {median(rounds):6.2f}   {median(rounds) / base:5.2f} x load{told}")
    print(f"  load and check                     {base + median(took['check']):6.2f}   "
          f"{1 + median(took['check']) / base:5.2f} x load")  # fmt: skip


if __name__ == "__main__":
    main()
