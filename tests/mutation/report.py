"""docs/mutation.md from the kept results: `python -m tests.mutation.report out/mutation > docs/mutation.md`."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutation.record import GATEWAYS, OUTSIDE, PASSES, lines
from tests.mutation.standing import BAD, Standing, standing

_COLUMNS = (
    ("found", (Standing.FOUND,)),
    ("witnessed", (Standing.WITNESSED,)),
    ("unproven", (Standing.DOUBTED,)),
    ("**missed**", (Standing.MISSED,)),
    ("outside", (Standing.OUTSIDE,)),
    ("agreed", (Standing.AGREED,)),
    ("dead weight", (Standing.DEAD,)),
    ("cautious", (Standing.CAUTIOUS,)),
    ("**false alarm**", (Standing.ALARM,)),
    ("answers only", (Standing.ANSWER,)),
    ("refused", (Standing.REFUSED,)),
    ("failed", (Standing.LOST,)),
)
_INTRO = """\
# The mutation score

A proof is worth what it notices. So the rules of every example's gateways are made wrong on purpose, one change at a
time, loaded into a kernel, and **real packets** decide whether the change matters: tens of thousands for each mutant,
under the original and under the mutant, through the forwarding path, into the gateway and out of it. Only then is
`segctl prove` asked about what the kernel holds. This page is generated from the results of a run:

    python -m tests.mutation.score packets
    python -m tests.mutation.score prove
    python -m tests.mutation.score witness
    python -m tests.mutation.report out/mutation > docs/mutation.md

`tests/mutation/test_mutation.py` does the same with a sample in `make test`, with one example in
`make soak`, with all gateways in `make soak-long`.
"""
_WORDS = """\
## What the words mean

| word | meaning |
|---|---|
| found | some packet passes that was stopped, or the other way round, and `prove` says *different* |
| witnessed | our packets show no change, but the packet that `prove` names does: it is found, and our packets were blind |
| unproven | the same as found, and `prove` says that it can't tell (exit 5, and `apply` refuses): rules that depend on a clock, a bucket, chance, translation, or are not modelled |
| missed | as found, but `prove` says *proven*: a fault of the prover |
| outside | missed, but only packets change that [proof.md](proof.md) assumes not to be: marked by others before they come, or with an address of the gateway that the site doesn't name |
| agreed | no packet shows a change, and `prove` says *proven* |
| dead weight | no packet shows a change, and `prove` names rules or elements that nothing meets |
| cautious | no packet shows a change, and `prove` says that it can't tell |
| false alarm | no packet shows a change, not even those that `prove` names, and it says *different*: a fault of the prover |
| answers only | what passes is the same; a refused packet is answered otherwise, or no longer |
| refused | nft or the kernel does not take the mutant: it is not counted |
| failed | the experiment itself went wrong, or the prover crashed |
"""  # noqa: E501
_HOW = """\
## How packets decide

- The gateway stands in a namespace under its own interface names and addresses; all far ends in another, which send
  and hear raw frames. One more interface and one more address of the gateway are named by no site.
- Common packets, the same for every mutant of a gateway: every class of addresses asks every other for all that is let
  through, the ports beside it and some of the rest; to and from the gateway's own addresses, declared or not; the same
  with forged sources, by wrong interfaces, routed out by wrong interfaces; to and from special addresses and those just
  beside them; TCP that begins otherwise than with SYN, wrong checksums, untracked packets, packets with foreign marks;
  essentials and what is nearly one; other hop limits, lengths, extension headers; loopback. Connections that were there
  before the change, with the number that the rules gave them, without one, with an old one, each way round: their
  packets, forged ones, ICMP errors about them from the right place and from wrong ones. Connections that begin under
  the mutant, likewise.
- Aimed packets, chosen with knowledge of the mutant: addresses, ports, ICMP types, numbers and interfaces that its
  changed lines name, and what stands just beside them.
- What passes is what a far end or a socket of the gateway gets. A difference counts if it is there a second time.
- Where packets show nothing and `prove` says *different*, the packets that `prove` names are sent as well: if the
  kernel treats one of them otherwise than before, our packets were blind, and the mutant is found.
- A connection's mark is one that the rules gave it, none, or a number that they give to nobody there (of an earlier
  generation): no connection is made up that has a living number which it could not have got.

## What this does not show

- The hold table (`inet segctl_hold`) does not exist yet: a table of that name with exceptions and drops is put beside
  ours, in this order, in the other, and in parts, where the site holds nothing.
- Whether something is logged or counted. Quotas and limits are only tried with what they do to one volley.
- Fragments, and traffic between two ports of one bridge.
- Whether an answer to a refused packet is the right one: answers are compared, told, and not counted.
"""
_OUTSIDE = "an assumption of the proof: no marks of others, and no word on a local address that the site doesn't name"
REASONS = {
    "27c91e08bfbc5f18": "what is sent to a group is forwarded by a kernel with multicast routes; the range has none",
    "e222b5267d118c7a": "the example is a lone RST, which conntrack never calls new; a lone ACK would pass",
    "f7be7ca5c62dc6ab": "such a packet is lost if it comes in a frame for a group; the experiment's come in others",
    "ae6f1542b6eb55eb": "only the answer changes: silence for a refusal, of ICMPv4 inside IPv6, which nobody answers",
}
"""Why a mutant ends as it should not, by its key."""


@dataclass(frozen=True, slots=True)
class Row:
    """One mutant with its end."""

    record: Mapping[str, Any]
    proof: Mapping[str, Any] | None
    told: tuple[str, ...]
    end: Standing | None


def rows(out: Path) -> list[Row]:
    """All mutants of a run."""
    proofs = {row["key"]: row for row in lines(out / "proofs.jsonl")}
    witnesses = {row["key"]: row for row in lines(out / "witness.jsonl")}
    found = []
    for record in lines(out / "packets.jsonl"):
        proof, witness = proofs.get(record["key"]), witnesses.get(record["key"])
        told = tuple(witness["told"]) if witness else ()
        found.append(Row(record, proof, told, standing(record["says"], proof, witness)))
    return found


def report(out: Path) -> Iterator[str]:
    """The page, line by line."""
    held = [row for row in rows(out) if row.end is not None]
    yield _INTRO
    yield from _score(held)
    yield "\n## By kind of mutant\n"
    yield from _table(held, [(kind, [row for row in held if row.record["kind"] == kind]) for kind in _kinds(held)])
    yield "\n## By gateway\n"
    groups = [(f"{s}/{p}", [r for r in held if (r.record["site"], r.record["point"]) == (s, p)]) for s, p in GATEWAYS]
    yield from _table(held, [group for group in groups if group[1]])
    yield ""
    yield _WORDS
    yield from _survivors(held)
    yield _HOW


def _kinds(held: list[Row]) -> list[str]:
    return sorted({row.record["kind"] for row in held})


def _score(held: list[Row]) -> Iterator[str]:
    ends = Counter(row.end for row in held)
    loaded = len(held) - ends[Standing.REFUSED]
    changing = [row for row in held if row.record["says"] in (PASSES, OUTSIDE) or row.end is Standing.WITNESSED]
    noticed = len(changing) - ends[Standing.MISSED] - ends[Standing.OUTSIDE]
    same = ends[Standing.AGREED] + ends[Standing.DEAD] + ends[Standing.CAUTIOUS] + ends[Standing.ALARM]
    yield "## Score\n"
    yield f"- {len(held)} mutants settled, of {len(_kinds(held))} kinds."
    yield f"- {loaded} mutants loaded ({ends[Standing.REFUSED]} more were refused by nft or the kernel)."
    yield f"- {len(changing)} change what passes: **{noticed} noticed**, **{ends[Standing.MISSED]} missed**."
    yield f"  Of those noticed {ends[Standing.DOUBTED]} are *unproven*, all others *different*;"
    yield f"  {ends[Standing.OUTSIDE]} more are outside of what the proof says."
    yield f"- {same} change nothing: **{ends[Standing.ALARM]} false alarms**."
    yield f"  {ends[Standing.DEAD]} times dead weight is named, {ends[Standing.CAUTIOUS]} are *unproven*."
    yield f"- {ends[Standing.ANSWER]} change only answers to what is refused. {ends[Standing.LOST]} experiments failed."


def _table(held: list[Row], groups: list[tuple[str, list[Row]]]) -> Iterator[str]:
    yield "| | mutants | " + " | ".join(name for name, _ in _COLUMNS) + " |"
    yield "|---|" + "---:|" * (len(_COLUMNS) + 1)
    for name, some in [*groups, ("**all**", held)]:
        counts = Counter(row.end for row in some)
        cells = [sum(counts[end] for end in ends) for _, ends in _COLUMNS]
        yield f"| {name} | {len(some)} | " + " | ".join(str(cell or "") for cell in cells) + " |"


def _survivors(held: list[Row]) -> Iterator[str]:
    bad = [row for row in held if row.end in (*BAD, Standing.OUTSIDE)]
    yield "## Survivors\n"
    if not bad:
        yield "None: every mutant that changes what passes was noticed, and none that doesn't was called different."
    for row in bad:
        record = row.record
        yield f"- **{row.end}**: {record['site']}/{record['point']}, {record['kind']}: {_code(record['words'])}"
        known = REASONS.get(record["key"], "not understood yet")
        yield f"  - reason: {_OUTSIDE if row.end is Standing.OUTSIDE else known}"
        for packet in (*record["packets"][:1], *row.told[:1]):
            yield f"  - packet: {_code(packet)}"
    yield ""
    cautious = [row for row in held if row.end in (Standing.CAUTIOUS, Standing.DOUBTED)]
    if cautious:
        yield "### Unproven, and by what\n"
        for words, count in Counter(_doubt(row) for row in cautious).most_common():
            yield f"- {count} × {words}"
        yield ""


def _doubt(row: Row) -> str:
    if row.proof and row.proof["unproven"]:
        doubts = row.proof["unproven"][0]["doubts"]
        return _code(doubts[0][:110]) if doubts else "a doubt without words"
    return _code(row.proof["gaps"][0][:110]) if row.proof and row.proof["gaps"] else "no words"


def _code(words: str) -> str:
    return f"`{words.replace('`', '')}`"


if __name__ == "__main__":
    print("\n".join(report(Path(sys.argv[1] if len(sys.argv) > 1 else "out/mutation"))))
