"""One mutant judged: by packets, by the prover, and by the packets that the prover names."""

import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segctl.apply.reading import read_listing
from segctl.listing import Listing
from segctl.policy import Policy
from segctl.prove.proof import prove
from segctl.report.proof import proof_json
from tests.mutation.mutants import Mutant
from tests.mutation.oracle import Oracle, Refused
from tests.mutation.places import trusting
from tests.mutation.range import Lost
from tests.mutation.record import ANSWERS, AT, LOST, NOTHING, OUTSIDE, PASSES, REFUSED, Record, key_of
from tests.mutation.standing import Standing, standing
from tests.mutation.witness import Unsendable, sent

_LONGEST = 240  # seconds of this process for one proof, however busy the machine is
_KEPT = 4  # differences of each kind
_STRANGE = ("0.", "127.", "224.", "255.", "::", "fe80:", "ff")  # how addresses begin that machines seldom have


def judged(here: Oracle, mutant: Mutant, site: str, point: str) -> tuple[Record, Listing | None]:
    """What packets say, and what the kernel said it held; None if it took nothing."""
    record = Record(site, point, mutant.kind, mutant.words, key_of(here.original, mutant), NOTHING)
    begin = time.perf_counter()
    listing = None
    try:
        here.load(mutant.table)
        listing = read_listing(here.places.gateway)
        if mutant.legacy:
            here.unload()
        found = here.changes(mutant.table, mutant.aim, legacy=mutant.legacy)
    except Refused as error:
        record.says, record.why = REFUSED, str(error).splitlines()[0]
    except Lost as error:
        record.says, record.why = LOST, str(error)
    else:
        if found:
            passing = [one for one in found if one.passes]
            record.says = ANSWERS if not passing else OUTSIDE if all(one.outside for one in passing) else PASSES
            record.packets = [str(one) for one in found[:3]]
    if record.says in (REFUSED, LOST) and mutant.legacy:
        here.unload()
    record.seconds = round(time.perf_counter() - begin, 2)
    return record, listing


def proved(listing: Listing, policy: Policy, point: str) -> dict[str, Any]:
    """What the prover says: `found`, the first differences; `crash` if it failed or took too long."""
    begin = time.perf_counter()
    row: dict[str, Any] = {}
    signal.signal(signal.SIGPROF, _too_long)
    signal.setitimer(signal.ITIMER_PROF, _LONGEST)
    try:
        said = proof_json(prove(listing, policy, policy.site.points[point], AT))
        row |= {name: said[name] for name in ("found", "gaps", "dead")}
        row |= {name: _some(said[name]) for name in ("differences", "unproven")}
        row["count"] = len(said["differences"])
    except Exception as error:
        row |= {"found": "crash", "why": f"{type(error).__name__}: {error}", "differences": [], "unproven": []}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    row["seconds"] = round(time.perf_counter() - begin, 2)
    return row


def _some(differences: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A few of each state and way; ordinary ends and protocols first, which can be sent."""
    kinds: dict[object, list[dict[str, Any]]] = {}
    for one in sorted(differences, key=lambda one: _odd(one["packet"])):
        packet = one["packet"]
        kinds.setdefault((packet["way"], packet["state"], ":" in packet["source"], one["must"]), []).append(one)
    return [one for some in kinds.values() for one in some[:_KEPT]]


def _odd(packet: Mapping[str, Any]) -> int:
    """How unlikely it is that a machine sends such a packet, and another lets it in."""
    ends = packet["source"], packet["destination"]
    strange: int = sum(end.startswith(_STRANGE) for end in ends) + (ends[0] == ends[1])
    return strange + (2 if packet["protocol"] in (1, 58) and packet["head"] >> 8 not in (3, 8, 128, 1) else 0)


def _too_long(*_: object) -> None:
    raise TimeoutError(f"no answer in {_LONGEST} s")


def witnessed(here: Oracle, mutant: Mutant, proof: Mapping[str, Any]) -> dict[str, Any]:
    """What became of the prover's packets, where the kernel trusts its own addresses as sources."""
    told, differs = [], False
    with trusting(here.places):
        for one in proof["differences"]:
            try:
                change = sent(here, mutant.table, one["packet"], mutant.legacy)
            except (Unsendable, Lost) as error:
                told.append(f"{one['packet']}: {error}")
                continue
            differs |= change.before != change.after
            told.append(f"{change} | does {one['does']}, must {one['must']}: {one['because']}")
    return {"differs": differs, "told": told}


@dataclass(frozen=True, slots=True)
class Settled:
    """A mutant's end, and all that led to it."""

    end: Standing | None
    record: Record
    proof: dict[str, Any] | None
    witness: dict[str, Any] | None

    def __str__(self) -> str:
        told = [*self.record.packets[:1], *(self.witness["told"][:1] if self.witness else [])]
        if self.proof and self.proof["differences"]:
            told.append(str(self.proof["differences"][0]))
        return "\n  ".join([f"{self.end}: {self.record.kind}: {self.record.words}", *told])


def settled(here: Oracle, mutant: Mutant, policy: Policy, site: str, point: str) -> Settled:
    """All of it, one after another."""
    record, listing = judged(here, mutant, site, point)
    proof = proved(listing, policy, point) if listing is not None and record.says not in (REFUSED, LOST) else None
    told = witnessed(here, mutant, proof) if proof and record.says == NOTHING and proof["differences"] else None
    return Settled(standing(record.says, proof, told), record, proof, told)
