"""What does the proof of a large gateway cost, beside `nft -f` of the very same rules?

For each size (segments, ten times as many members and flows): the rules are loaded with `nft -f` into a network
namespace without a name, read back, and proven for every packet of both families; each size in a process of its own,
for its peak of memory. Medians of the rounds, the ratio to `nft -f`, and the exponent of growth from size to size.

    python bench/prove.py [ROUNDS [SEGMENTS …]]
"""

import json
import math
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from segctl.apply.reading import read_listing
from segctl.compile import compile_gateway, render_table
from segctl.kernel import nft
from segctl.kernel.scratch import in_scratch
from segctl.load import load_site
from segctl.policy import Policy, examine
from segctl.prove import prove
from segctl.runner import Runner

sys.path.insert(0, str(Path(__file__).parent))  # a script's own folder, wherever it is started
from sites import write_site

SIZES = (100, 1000, 5000)
ROUNDS = 3
AWAKE = {("inet", "segctl_a"): True}


def once(runner: Runner, text: str, policy: Policy, at: datetime) -> dict[str, float]:
    """Seconds of each part, in one place."""
    times = [time.perf_counter()]
    nft.load(runner, text)
    times.append(time.perf_counter())
    listing = read_listing(runner)
    times.append(time.perf_counter())
    proof = prove(listing, policy, policy.site.points["gw1"], at, awake=AWAKE)
    times.append(time.perf_counter())
    assert proof.found == "proven", proof.differences[:1]
    return {"nft -f": times[1] - times[0], "read back": times[2] - times[1], "prove": times[3] - times[2],
            "cells": proof.classes}  # fmt: skip


def measure(segments: int, rounds: int) -> dict[str, Any]:
    """One size."""
    at = datetime.now(UTC)
    with TemporaryDirectory() as folder:
        write_site(Path(folder), segments, 10 * segments, 10 * segments)
        site = load_site(Path(folder)).site
    assert site is not None
    policy = examine(site, at).policy
    assert policy is not None
    text = render_table(compile_gateway(policy, "gw1", at), "segctl_a", 1, at)
    found = [in_scratch(lambda place: once(place, text, policy, at)) for _ in range(rounds)]
    said: dict[str, Any] = {name: median(one[name] for one in found) for name in found[0]}
    said["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return said


def main() -> None:
    words = [int(word) for word in sys.argv[1:] if word.isdigit()]
    rounds, sizes = (words[0] if words else ROUNDS), (words[1:] or list(SIZES))
    before: tuple[int, float] | None = None
    print("segments   nft -f  read back    prove   both / nft -f     cells   memory  exponent")
    for size in sizes:
        command = [sys.executable, __file__, "--one", str(size), str(rounds)]
        said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        both = said["read back"] + said["prove"]
        grown = "" if before is None else f"{math.log(both / before[1]) / math.log(size / before[0]):8.2f}"
        ratio, parts = both / said["nft -f"], (said[name] for name in ("nft -f", "read back", "prove"))
        seconds = "".join(f"{part:9.2f}s" for part in parts)
        print(f"{size:8} {seconds} {ratio:14.1f}x {said['cells']:9} {said['memory']:5} MB {grown}", flush=True)
        before = size, both


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(int(sys.argv[2]), int(sys.argv[3]))))
    else:
        main()
