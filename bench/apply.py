"""What does `apply` cost beside `nft -f` of the very same text, with the proof and without, and where does it go?

Sites of 1,000 and 10,000 flows (a tenth as many segments, as many members), each way in a network namespace without a
name, in turn, medians of a few rounds. `nft -f` loads the table awake, in one transaction. The first apply finds
nothing of ours there; the next one finds a generation that is live, and flips. Needs root.

    python bench/apply.py [ROUNDS [FLOWS …]]
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from segctl.apply import Proving, Wish, apply
from segctl.compile import compile_gateway, loadable, render_table, statistics
from segctl.kernel import nft
from segctl.kernel.scratch import in_scratch
from segctl.load import load_site
from segctl.model.generation import Loadable
from segctl.policy import Policy, examine
from segctl.runner import Runner

sys.path.insert(0, str(Path(__file__).parent))  # a script's own folder, wherever it is started
from apart import apart
from sites import write_site

Taken = dict[str, list[float]]


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


class Applying:
    """A site's rules, applied in several ways."""

    def __init__(self, policy: Policy, at: datetime) -> None:
        self.policy, self.at = policy, at
        rules = compile_gateway(policy, "gw1", at)
        self.elements = statistics(rules)["elements"]
        self.text = render_table(rules, "segctl_a", 1, at).replace(" flags dormant\n", "")
        self.rules: Loadable = loadable(policy, "gw1", at, rules)

    def once(self, place: Runner, proving: Proving, told: Callable[[str], None] = lambda step: None) -> None:
        apply(place, self.policy, self.rules, self.at, Wish(proving=proving), told=told)

    def timed(self, proving: Proving, place: Runner) -> float:
        """Seconds of the first one."""
        return seconds(lambda: self.once(place, proving))

    def next(self, place: Runner) -> tuple[float, dict[str, float]]:
        """The second one, without the proof: how long, and each of its steps."""
        self.once(place, Proving.LEFT_OUT)
        marks: list[tuple[str, float]] = []
        begin = time.perf_counter()
        self.once(place, Proving.LEFT_OUT, lambda step: marks.append((step, time.perf_counter())))
        end = time.perf_counter()
        ends = [at for _, at in marks[1:]] + [end]
        return end - begin, {step: after - at for (step, at), after in zip(marks, ends, strict=True)}


def measure(applying: Applying, rounds: int) -> tuple[Taken, Taken]:
    """By way, and of the next apply by step."""
    took: Taken = {}
    steps: Taken = {}
    in_scratch(lambda place: applying.once(place, Proving.LEFT_OUT))  # what this kernel can do is tried once, and kept
    for _ in range(rounds):
        now = {"nft -f": in_scratch(lambda place: seconds(lambda: nft.load(place, applying.text)))}
        for name, proving in (("first apply, no proof", Proving.LEFT_OUT), ("first apply", Proving.DEMANDED)):
            now[name] = in_scratch(partial(applying.timed, proving))
        now["next apply, no proof"], parts = in_scratch(applying.next)
        for table, row in ((took, now), (steps, parts)):
            for name, value in row.items():
                table.setdefault(name, []).append(value)
    return took, steps


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    at = datetime.now(UTC)
    for flows in map(int, sys.argv[2:] or ("1000", "10000")):
        with TemporaryDirectory() as folder, apart():
            site = load_site(write_site(Path(folder), flows // 10, flows, flows)).site
            assert site is not None
            policy = examine(site, at).policy
            assert policy is not None
            applying = Applying(policy, at)
            took, steps = measure(applying, rounds)
        base = median(took["nft -f"])
        print(f"{flows:,} flows: {applying.elements:,} elements, {rounds} rounds")
        for name, row in took.items():
            print(f"  {name:24} {median(row):7.2f} s   {median(row) / base:6.2f} x nft -f")
        most = sorted(steps.items(), key=lambda one: -median(one[1]))[:6]
        print(
            "    of the next apply: " + ", ".join(f"{name} {median(row) / base:.2f}" for name, row in most), flush=True
        )


if __name__ == "__main__":
    main()
