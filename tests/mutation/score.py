"""Mutants drawn, judged by packets, then by the prover: `python -m tests.mutation.score packets|prove|witness`.

`packets` keeps of each mutant what packets say and what the kernel said it holds; `prove` asks the prover about that,
`witness` sends the packets that the prover names where packets had shown nothing. Each goes on where it was stopped.
"""

import argparse
import hashlib
import json
import os
import pickle
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from segctl.apply.reading import read_listing
from segctl.compile import compile_gateway, render_table
from segctl.policy import Policy
from segctl.prove.proof import prove
from segctl.report.proof import proof_json
from tests.mutation.mutants import KINDS, Mutant, drawn
from tests.mutation.oracle import Oracle, Refused, oracle
from tests.mutation.places import standing, unused
from tests.mutation.range import Lost
from tests.mutation.tables import Table, read_table
from tests.mutation.witness import Unsendable, sent
from tests.sites import EXAMPLES, meant, read

GATEWAYS = (
    ("shop", "gw1"),
    ("boutique", "node1"),
    ("pci", "fw1"),
    ("plant", "edge"),
    ("plant", "core"),
    ("hospital", "gw"),
)
PASSES, ANSWERS, NOTHING, REFUSED, LOST = "passes", "answers", "nothing", "refused", "lost"
_LONGEST = 240  # seconds for one proof
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass(slots=True)
class Record:
    """What packets say of a mutant. `says`: passes (another packet passes or is stopped), answers (only what is said
    about a refused packet changed), nothing; refused by nft; lost: the experiment failed.
    """

    site: str
    point: str
    kind: str
    words: str
    key: str
    says: str
    packets: list[str] = field(default_factory=list)
    seconds: float = 0.0
    why: str = ""


def key_of(original: Table, mutant: Mutant) -> str:
    """A hash of the rules and of all that stands beside them."""
    said = [original.text(), mutant.table.text(), mutant.table.beside, repr(mutant.table.commands), mutant.words]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:16]


def rules(policy: Policy, point: str, at: datetime = AT) -> Table:
    """The point's table as it is compiled."""
    return read_table(render_table(compile_gateway(policy, point, at), "segctl_a", 1, at))


def judged(here: Oracle, mutant: Mutant, site: str, point: str, kept: Path | None = None) -> Record:
    """What packets say; what the kernel held meanwhile goes to `kept`."""
    record = Record(site, point, mutant.kind, mutant.words, key_of(here.original, mutant), NOTHING)
    begin = time.perf_counter()
    try:
        here.load(mutant.table)
        if kept is not None:
            held = read_listing(here.places.gateway), mutant
            kept.joinpath(f"{record.key}.pickle").write_bytes(pickle.dumps(held))
        if mutant.legacy:
            here.unload()
        found = here.changes(mutant.table, mutant.aim, legacy=mutant.legacy)
    except Refused as error:
        record.says, record.why = REFUSED, str(error).splitlines()[0]
    except Lost as error:
        record.says, record.why = LOST, str(error)
    else:
        if found:
            record.says = PASSES if any(one.passes for one in found) else ANSWERS
            record.packets = [str(one) for one in found[:3]]
    if record.says in (REFUSED, LOST) and mutant.legacy:
        here.unload()
    record.seconds = round(time.perf_counter() - begin, 2)
    return record


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """What was kept in a file of JSON lines; none if it is not there."""
    if path.exists():
        for line in path.read_text().splitlines():
            yield json.loads(line)


def keep(path: Path, row: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")


def packets(out: Path, sites: list[str], each: int, kinds: list[str], seed: str) -> None:
    """Judge mutants of each gateway by packets, but for those that are judged already."""
    listings = out / "listings"
    listings.mkdir(parents=True, exist_ok=True)
    known = {row["key"] for row in lines(out / "packets.jsonl")}
    for site, point in GATEWAYS:
        if site not in sites and f"{site}/{point}" not in sites:
            continue
        policy = meant(read(EXAMPLES / site / "site"), AT)
        table = rules(policy, point)
        wanted = [m for m in drawn(table, f"{site}/{point}", seed, each, kinds) if key_of(table, m) not in known]
        if not wanted:
            continue
        with standing(policy, point, unused(point)) as places, oracle(places, table) as here:
            print(f"{site}/{point}: {len(wanted)} mutants, {len(here.shots)} packets each", flush=True)
            for mutant in wanted:
                record = judged(here, mutant, site, point, listings)
                keep(out / "packets.jsonl", asdict(record))
                print(f"{record.seconds:6.2f} {record.says:8} {mutant.kind}: {mutant.words[:100]}", flush=True)


_policies: dict[str, Policy] = {}


def proved(listing: Path, site: str, point: str) -> dict[str, Any]:
    """What the prover says of a kept listing: `found`, the first differences; `crash` if it failed."""
    begin = time.perf_counter()
    policy = _policies.setdefault(site, meant(read(EXAMPLES / site / "site"), AT))
    row: dict[str, Any] = {"key": listing.stem}
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(_LONGEST)
    try:
        held, _ = pickle.loads(listing.read_bytes())
        said = proof_json(prove(held, policy, policy.site.points[point], AT))
        row |= {name: said[name] for name in ("found", "gaps", "dead")}
        row |= {name: said[name][:6] for name in ("differences", "unproven")}
        row["count"] = len(said["differences"])
    except Exception as error:
        row |= {"found": "crash", "why": f"{type(error).__name__}: {error}"}
    signal.alarm(0)
    row["seconds"] = round(time.perf_counter() - begin, 2)
    return row


def _too_long(*_: object) -> None:
    raise TimeoutError(f"no answer in {_LONGEST} s")


def ask(out: Path, jobs: int, sites: list[str]) -> None:
    """Ask the prover about all that packets have judged, but for what it was asked already."""
    known = {row["key"] for row in lines(out / "proofs.jsonl")}
    judged_rows = [row for row in lines(out / "packets.jsonl") if row["says"] not in (REFUSED, LOST)]
    wanted = [
        r for r in judged_rows if r["key"] not in known and (r["site"] in sites or f"{r['site']}/{r['point']}" in sites)
    ]
    with ProcessPoolExecutor(jobs, initializer=os.nice, initargs=(5,)) as pool:
        running = {
            pool.submit(proved, out / "listings" / f"{row['key']}.pickle", row["site"], row["point"]): row
            for row in wanted
        }
        for done in as_completed(running):
            row, said = running[done], done.result()
            keep(out / "proofs.jsonl", said)
            word = "" if (row["says"] == NOTHING) == (said["found"] == "proven") else "  <<<"
            where = f"{row['site']}/{row['point']} {row['kind']}: {row['words'][:90]}"
            print(f"{said['seconds']:6.1f} {row['says']:8} {said['found']:9} {where}{word}", flush=True)


def send(out: Path, sites: list[str]) -> None:
    """Send what the prover names where packets had shown nothing."""
    proofs = {row["key"]: row for row in lines(out / "proofs.jsonl")}
    known = {row["key"] for row in lines(out / "witness.jsonl")}
    rows = {row["key"]: row for row in lines(out / "packets.jsonl")}
    alarms = [k for k, row in rows.items() if row["says"] == NOTHING and proofs.get(k, {}).get("differences")]
    for site, point in GATEWAYS:
        wanted = [k for k in alarms if (rows[k]["site"], rows[k]["point"]) == (site, point) and k not in known]
        if not wanted or not (site in sites or f"{site}/{point}" in sites):
            continue
        policy = meant(read(EXAMPLES / site / "site"), AT)
        with standing(policy, point, unused(point)) as places, oracle(places, rules(policy, point), bare=True) as here:
            for key in wanted:
                _, mutant = pickle.loads((out / "listings" / f"{key}.pickle").read_bytes())
                row = witnessed(here, mutant, proofs[key])
                keep(out / "witness.jsonl", row)
                print(
                    site, point, row["differs"], mutant.kind, mutant.words[:80], *row["told"], sep="\n    ", flush=True
                )


def witnessed(here: Oracle, mutant: Mutant, proof: dict[str, Any]) -> dict[str, Any]:
    """What became of the prover's packets."""
    told, differs = [], False
    for one in proof["differences"]:
        try:
            change = sent(here, mutant.table, one["packet"], mutant.legacy)
        except Unsendable as error:
            told.append(f"{one['packet']}: {error}")
            continue
        differs |= change.before != change.after
        told.append(f"{change} | does {one['does']}, must {one['must']}: {one['because']}")
    return {"key": key_of(here.original, mutant), "differs": differs, "told": told}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("packets", "prove", "witness"))
    parser.add_argument("--out", type=Path, default=Path("out/mutation"))
    parser.add_argument("--sites", default=",".join(dict.fromkeys(site for site, _ in GATEWAYS)))
    parser.add_argument("--each", type=int, default=2, help="mutants of each kind for each gateway")
    parser.add_argument("--kinds", default="")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=1)
    words = parser.parse_args()
    sites, kinds = words.sites.split(","), words.kinds.split(",") if words.kinds else list(KINDS)
    if words.what == "packets":
        packets(words.out, sites, words.each, kinds, words.seed)
    elif words.what == "prove":
        ask(words.out, words.jobs, sites)
    else:
        send(words.out, sites)


if __name__ == "__main__":
    main()
