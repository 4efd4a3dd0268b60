"""What does a large site cost, beside `nft -f` of the very same rules?

Loads and compiles 1,000 segments, 10,000 members and 10,000 flows, loads the text with `nft -f`, and applies it, each
in a network namespace without a name; medians of three rounds in one run.

    python bench/scale.py [SEGMENTS MEMBERS FLOWS]
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from segctl.apply import Proving, Wish, apply
from segctl.compile import compile_gateway, loadable, render_table, statistics
from segctl.kernel import nft
from segctl.kernel.scratch import in_scratch
from segctl.load import load_site
from segctl.policy import examine

sys.path.insert(0, str(Path(__file__).parent))  # a script's own folder, wherever it is started
from apart import apart
from sites import write_site

ROUNDS = 3


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    segments, members, flows = (int(word) for word in sys.argv[1:4]) if len(sys.argv) > 3 else (1000, 10_000, 10_000)
    at = datetime.now(UTC)
    took: dict[str, list[float]] = {}
    with TemporaryDirectory() as folder, apart():
        write_site(Path(folder), segments, members, flows)
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            site = load_site(Path(folder)).site
            assert site is not None
            loaded = time.perf_counter()
            policy = examine(site, at).policy
            assert policy is not None
            examined = time.perf_counter()
            rules = compile_gateway(policy, "gw1", at)
            compiled = time.perf_counter()
            text = render_table(rules, "segctl_a", 1, at)
            rendered = time.perf_counter()
            steps = {"load": loaded - begin, "examine": examined - loaded, "compile": compiled - examined}
            steps |= {"load + examine + compile": compiled - begin, "render as text": rendered - compiled}
            steps["nft -f"] = in_scratch(lambda place, text=text: seconds(lambda: nft.load(place, text)))
            for proving, name in (
                (Proving.LEFT_OUT, "apply without the proof (load asleep, read back twice, flip)"),
                (Proving.DEMANDED, "apply"),
            ):
                steps[name] = in_scratch(
                    lambda place, rules=rules, policy=policy, proving=proving: seconds(
                        lambda: apply(
                            place, policy, loadable(policy, rules.point, at, rules), at, Wish(proving=proving)
                        )
                    )
                )
            for name, taken in steps.items():
                took.setdefault(name, []).append(taken)
    base = median(took["nft -f"])
    print(f"{segments} segments, {members} members, {flows} flows: {statistics(rules)['elements']} elements")
    for name, rounds in took.items():
        print(f"  {name:62} {median(rounds):7.2f} s   {median(rounds) / base:5.2f} x nft -f")


if __name__ == "__main__":
    main()
