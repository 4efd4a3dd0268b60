"""docs/faults.md from the kept results: `python -m tests.fault.report > docs/faults.md`."""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.fault.doings import DOINGS
from tests.fault.record import OUT, Run, kept

_INTRO = """\
# The fault matrix

Each fault is injected for real, into a command that changes a point, in a process of its own, in a network namespace of
its own: `kill -9`, a disk that is full, another tool's `nft flush ruleset`. Then it is looked what the kernel holds,
rule by rule and element by element, against what the two sites mean; what is kept on disk; what the command said, with
which exit code; and that the next command works. A run that found anything else fails its test, and isn't kept: what is
lost shows there. This page is generated from the results of a run:

    make test soak soak-long && python -m tests.fault.report > docs/faults.md

`make test` does each once, `make soak` each kill point five times and three hundred more, `make soak-long` each fifty
times (`tests/fault/`; `SEGCTL_FAULT_SEED` draws other instants).
"""
_WORDS = """\
## What the words mean

| word | meaning |
|---|---|
| before | what is live and held is what was before, whole |
| after | what is live and held is what was to be, whole |
| closed | all but management is shut: on the way (`remove --leave closed` shuts before it takes rules away), or as `boot` could load nothing |
| else | what somebody else left: he flushed our tables, and the command said so; or the rules of another site that was asked for |
| killed | the command was killed, so it has no exit code; else its codes are named, with how often |
"""  # noqa: E501
_LEFT_OUT = """\
## What is not tried

- A kernel without one of nf_tables' own features (a set type, an expression): what is tried is one without nfnetlink at
  all, and commands without CAP_NET_ADMIN, CAP_SYS_ADMIN and new namespaces. `segctl doctor` tries each fact that the
  rules rely on, and `apply` refuses where one fails: an nft that doesn't know `typeof` stands for these here.
- A power cut under a file system that lies about fsync(2). Power is cut by killing the process and throwing the network
  namespace away; what was written stays, as it does on a disk that keeps its word.
- An nf_conntrack_max of a namespace's own: the kernel has one for the whole machine. The table is filled up to it.
- The machine's wall clock itself: faketime(1) sets it for the commands alone. The guard's deadline is one of a clock
  that nobody can set.
"""
_ORDER = (
    "killed", "killed, and the machine rebooted", "killed, with a guard", "guard killed", "segctl killed", "nft killed",
    "disk full", "disk not to be written", "disk read-only", "kept file", "clock set", "nft missing", "nft too old",
    "nft crashes", "nft short of memory", "conntrack missing", "no CAP_NET_ADMIN", "no CAP_SYS_ADMIN",
    "kernel without nfnetlink", "no new namespaces", "somebody else edits", "two at once",
    "site changed while it is applied", "no members", "conntrack full",
)  # fmt: skip


def report(runs: Iterable[Run]) -> Iterator[str]:
    """The page, line by line."""
    every = list(runs)
    yield _INTRO
    lost = [run for run in every if not run.good]
    yield f"**{len(every):,} runs, {len(_faults(every))} kinds of faults, {len(lost)} lost.**\n"
    yield "| fault | runs | where | before | after | closed | else | exit codes | lost |"
    yield "|---|---:|---|---:|---:|---:|---:|---|---:|"
    for name, some in sorted(_faults(every).items(), key=lambda row: _place(row[0])):
        yield _row(name, some)
    yield from _killed([run for run in every if run.fault.startswith("killed") and run.doing in DOINGS])
    yield ""
    yield _WORDS
    yield _LEFT_OUT


def _faults(runs: Iterable[Run]) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        found[run.fault].append(run)
    return dict(found)


def _place(name: str) -> tuple[int, str]:
    whole = {word: at for at, word in enumerate(_ORDER)}
    at = whole.get(name)
    if at is None:
        at = max((place for word, place in whole.items() if name.startswith(word)), default=len(_ORDER))
    return at, name


def _row(name: str, some: list[Run]) -> str:
    sides = Counter(run.side if run.side in ("before", "after", "closed") else "else" for run in some)
    codes = Counter("killed" if run.code is None else str(run.code) for run in some)
    said = ", ".join(f"{code} ({count})" for code, count in sorted(codes.items()))
    where = ", ".join(sorted({run.doing for run in some}))
    lost = sum(not run.good for run in some)
    cells = (name, f"{len(some):,}", where, *(_count(sides[side]) for side in ("before", "after", "closed", "else")))
    return f"| {' | '.join((*cells, said, str(lost)))} |"


def _count(number: int) -> str:
    return f"{number:,}" if number else ""


def _killed(some: list[Run]) -> Iterator[str]:
    """Step by step: how often it was killed there, and what was live then."""
    yield "\n## Killed, step by step\n"
    yield "Runs in which segctl was killed within the step or just before it; what was live and held then.\n"
    yield "| command | step | runs | before | after | closed |"
    yield "|---|---|---:|---:|---:|---:|"
    for doing in DOINGS.values():
        for step in (*(one.name for one in doing.steps), "after the last"):
            there = [run for run in some if (run.doing, run.where) == (doing.name, step)]
            sides = Counter(run.side for run in there)
            counts = (_count(sides[side]) for side in ("before", "after", "closed"))
            if there:
                yield f"| {doing.name} | {step} | {len(there)} | {' | '.join(counts)} |"


if __name__ == "__main__":
    print("\n".join(report(kept(Path(sys.argv[1]) if len(sys.argv) > 1 else OUT))))
