"""How long a large site takes to load, and how much memory, beside the fastest YAML parsers that tell positions.

    python bench/load.py [ROUNDS]                     (default 5)

The text: 1,000 segments, 100,000 members, 10,000 flows in one file. Each way runs in a fresh process, in turn, and says
its seconds (of the processor's time, without imports) and its peak of memory (with them):

- events: PyYAML's C parser, each event kept with its value and its marks, in one flat list. Nothing is faster that
  tells where a value stands; but nothing is a list or a mapping yet.
- compose: the same parser's own tree of nodes: the fastest that gives a document. No garbage is collected in either.
- parse: ours on these events: the tree, duplicate keys and depth checked. A part of `load`.
- load: the whole of `load_site`.

Then a million members in side files, and 10,000 flows: text lists, columns of CSVs, endpoints from a CSV.
"""

import gc
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

SEGMENTS, MEMBERS, FLOWS, LISTED = 1000, 100_000, 10_000, 1_000_000
WAYS = ("events", "compose", "parse", "load")


def ready(way: str, folder: Path) -> Callable[[], object]:
    """What is measured; all that it needs is imported and read before, but for what `load` reads itself."""
    if way == "load":
        from segctl.load import load_site

        return lambda: load_site(folder).site or sys.exit("the site does not load")
    text = (folder / "segctl.yaml").read_text()
    gc.disable()
    if way == "parse":
        from segctl.load.events import parse
        from segctl.load.findings import Findings

        return lambda: parse(text, "segctl.yaml", Findings())
    import yaml
    from yaml._yaml import CParser

    if way == "compose":
        return lambda: yaml.compose(text, Loader=yaml.CSafeLoader)
    return lambda: kept(CParser(text).get_event)


def kept(get: Callable[[], object]) -> list[object]:
    """All events."""
    events: list[object] = []
    put = events.append
    while (event := get()) is not None:
        put(event)
    return events


def measure(way: str, folder: Path) -> None:
    """In a process of its own: seconds and megabytes."""
    work = ready(way, folder)
    begin = time.process_time()
    held = work()
    seconds = time.process_time() - begin
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    del held


def measured(way: str, folder: Path) -> tuple[float, float]:
    done = subprocess.run([sys.executable, __file__, way, str(folder)], capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, done.stdout.split())
    return seconds, megabytes


def main(rounds: int) -> None:
    sys.path.insert(0, str(Path(__file__).parent))
    from sites import write_listed_site, write_site

    with TemporaryDirectory() as name:
        folder = write_site(Path(name) / "written", SEGMENTS, MEMBERS, FLOWS)
        took: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way in WAYS:
                took[way].append(measured(way, folder))
        print(f"{SEGMENTS} segments, {MEMBERS} members, {FLOWS} flows in one file, {rounds} rounds")
        base = [median(column) for column in zip(*took["events"], strict=True)]
        for way, rows in took.items():
            seconds, megabytes = (median(column) for column in zip(*rows, strict=True))
            ratio = f"{seconds / base[0]:5.2f} x   {megabytes:4.0f} MB  {megabytes / base[1]:5.2f} x"
            print(f"  {way:8} {seconds:6.2f} s  {ratio}", flush=True)
        listed = write_listed_site(Path(name) / "listed", SEGMENTS, LISTED, FLOWS)
        seconds, megabytes = measured("load", listed)
        print(f"{LISTED} members in side files: {seconds:.1f} s  {seconds / base[0]:.0f} x   {megabytes:.0f} MB")


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in WAYS:
        measure(sys.argv[1], Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
