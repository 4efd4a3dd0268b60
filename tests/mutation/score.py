"""Mutants drawn, judged by packets, then by the prover: `python -m tests.mutation.score packets|prove|witness`.

`packets` keeps of each mutant what packets say and what the kernel said it holds; `prove` asks the prover about that,
`witness` sends the packets that the prover names where packets had shown nothing. Each goes on where it was stopped.
"""

import argparse
import os
import pickle
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from segctl.listing import Listing
from segctl.policy import Policy
from tests.mutation.judge import judged, proved, witnessed
from tests.mutation.mutants import KINDS, drawn
from tests.mutation.oracle import oracle
from tests.mutation.places import standing, unused
from tests.mutation.record import EACH, GATEWAYS, LOST, NOTHING, REFUSED, keep, key_of, lines, policy_of, rules


def packets(out: Path, sites: list[str], most: int | None, kinds: list[str], seed: str) -> None:
    """Judge mutants of each gateway by packets, but for those that are judged already. `most`: of each kind."""
    listings = out / "listings"
    listings.mkdir(parents=True, exist_ok=True)
    known = {row["key"] for row in lines(out / "packets.jsonl")}
    for site, point in chosen(sites):
        policy = policy_of(site)
        table = rules(policy, point)
        each = most or EACH.get((site, point), 1)
        wanted = [m for m in drawn(table, f"{site}/{point}", seed, each, kinds) if key_of(table, m) not in known]
        if not wanted:
            continue
        with standing(policy, point, unused(point)) as places, oracle(places, table) as here:
            print(f"{site}/{point}: {len(wanted)} mutants, {len(here.shots)} packets each", flush=True)
            for mutant in wanted:
                record, listing = judged(here, mutant, site, point)
                (listings / f"{record.key}.pickle").write_bytes(pickle.dumps((listing, mutant)))
                keep(out / "packets.jsonl", asdict(record))
                print(f"{record.seconds:6.2f} {record.says:8} {mutant.kind}: {mutant.words[:100]}", flush=True)


def chosen(sites: list[str]) -> list[tuple[str, str]]:
    """The gateways of these sites, or those that are named as `site/point`."""
    return [(site, point) for site, point in GATEWAYS if site in sites or f"{site}/{point}" in sites]


_policies: dict[str, Policy] = {}


def _proved(kept: Path, site: str, point: str) -> dict[str, Any]:
    """In a process of its own."""
    if site not in _policies:
        _policies[site] = policy_of(site)
    listing, _ = pickle.loads(kept.read_bytes())
    return {"key": kept.stem, **proved(_renewed(listing), _policies[site], point)}


def _renewed(kept: Listing) -> Listing:
    """What an earlier version of segctl kept, as this one has it: what wasn't read then has its default."""
    return Listing(**{one.name: getattr(kept, one.name) for one in fields(Listing) if hasattr(kept, one.name)})


def ask(out: Path, jobs: int, sites: list[str]) -> None:
    """Ask the prover about all that packets have judged, but for what it was asked already."""
    known = {row["key"] for row in lines(out / "proofs.jsonl")}
    able = [row for row in lines(out / "packets.jsonl") if row["says"] not in (REFUSED, LOST)]
    wanted = [row for row in able if row["key"] not in known and (row["site"], row["point"]) in chosen(sites)]
    with ProcessPoolExecutor(jobs, initializer=os.nice, initargs=(5,)) as pool:
        kept = {row["key"]: out / "listings" / f"{row['key']}.pickle" for row in wanted}
        running = {pool.submit(_proved, kept[row["key"]], row["site"], row["point"]): row for row in wanted}
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
    for site, point in chosen(sites):
        wanted = [k for k in alarms if (rows[k]["site"], rows[k]["point"]) == (site, point) and k not in known]
        if not wanted:
            continue
        policy = policy_of(site)
        with standing(policy, point, unused(point)) as places, oracle(places, rules(policy, point), bare=True) as here:
            for key in wanted:
                _, mutant = pickle.loads((out / "listings" / f"{key}.pickle").read_bytes())
                row = {"key": key, **witnessed(here, mutant, proofs[key])}
                keep(out / "witness.jsonl", row)
                print(
                    site, point, row["differs"], mutant.kind, mutant.words[:80], *row["told"], sep="\n    ", flush=True
                )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("packets", "prove", "witness"))
    parser.add_argument("--out", type=Path, default=Path("out/mutation"))
    parser.add_argument("--sites", default=",".join(dict.fromkeys(site for site, _ in GATEWAYS)))
    parser.add_argument("--each", type=int, help="mutants of each kind for each gateway")
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
