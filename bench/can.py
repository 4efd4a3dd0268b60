"""What does a question cost that was asked before, beside what Python itself and click need to start?

    python bench/can.py [SEGMENTS MEMBERS FLOWS]

`segctl can` on 1,000 segments, 100,000 members and 10,000 flows: cold, with nothing remembered; then warm, the same
question on the same site, beside `python -c "import click"` in turn. Processor time of whole processes, medians.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent))  # a script's own folder, wherever it is started
from sites import write_site

ROUNDS = 15
CLICK = [sys.executable, "-c", "import click"]


def seconds(command: list[str], cache: str) -> float:
    """Of the processor, its children's included; 1 is an answer of `can`."""
    child = subprocess.Popen(command, env={**os.environ, "XDG_CACHE_HOME": cache}, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        sys.exit(f"exit {child.returncode}: {' '.join(command)}")
    return used.ru_utime + used.ru_stime


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:4]] if len(sys.argv) > 3 else [1000, 100_000, 10_000]
    with TemporaryDirectory() as folder:
        site = write_site(Path(folder) / "site", *sizes)
        can = [sys.executable, "-m", "segctl", "--site", str(site), "can", "s1", "s2", "ssh"]
        cold = seconds(can, f"{folder}/cache")
        rounds = [(seconds(CLICK, folder), seconds(can, f"{folder}/cache")) for _ in range(ROUNDS)]
    click, warm = (median(one) for one in zip(*rounds, strict=True))
    print(f"{sizes[0]} segments, {sizes[1]} members, {sizes[2]} flows, seconds of the processor")
    print(f"  import click            {click:6.3f}")
    print(f"  can, asked before       {warm:6.3f}   {warm / click:5.2f} x import click")
    print(f"  can, nothing remembered {cold:6.3f}   {cold / click:5.2f} x import click")


if __name__ == "__main__":
    main()
