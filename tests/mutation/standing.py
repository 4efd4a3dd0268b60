"""What packets and prover together say of a mutant."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tests.mutation.record import ANSWERS, LOST, NOTHING, OUTSIDE, PASSES, REFUSED


class Standing(StrEnum):
    """How a mutant ends."""

    FOUND = "found"  # what passes changed, and the prover says different
    WITNESSED = "found by the prover's packet"  # ours showed nothing, the packet that the prover names does
    DOUBTED = "unproven"  # what passes changed, and the prover says that it can't tell: `apply` refuses
    MISSED = "missed"
    OUTSIDE = "missed: outside the proof"  # only packets that docs/proof.md assumes not to be pass otherwise
    AGREED = "agreed: nothing changed"
    DEAD = "dead weight named"  # nothing passes otherwise, and the prover names a rule or element that nothing meets
    CAUTIOUS = "unproven, nothing changed"  # no packet shows a change, and the prover says that it can't tell
    ALARM = "false alarm"
    ANSWER = "only answers changed"  # a refused packet is answered otherwise, or not: nothing passes otherwise
    REFUSED = "refused by nft"
    LOST = "experiment failed"


BAD = (Standing.MISSED, Standing.ALARM, Standing.LOST)


def standing(says: str, proof: Mapping[str, Any] | None, witness: Mapping[str, Any] | None = None) -> Standing | None:
    """Its end; None where the prover has not been asked yet. `witness`: what became of the prover's packets."""
    if says in (REFUSED, LOST):
        return Standing.REFUSED if says == REFUSED else Standing.LOST
    if proof is None:
        return None
    found = proof["found"]
    if says == PASSES:
        return {"different": Standing.FOUND, "unproven": Standing.DOUBTED}.get(found, Standing.MISSED)
    if says == OUTSIDE:
        outside = {"different": Standing.FOUND, "unproven": Standing.DOUBTED, "proven": Standing.OUTSIDE}
        return outside.get(found, Standing.LOST)
    if says == ANSWERS:
        return Standing.ANSWER if found in ("different", "proven", "unproven") else Standing.LOST
    assert says == NOTHING
    if found in ("proven", "unproven"):
        return Standing.AGREED if found == "proven" else Standing.CAUTIOUS
    if found == "different" and not proof["differences"]:
        return Standing.DEAD
    if found == "different" and witness is not None and witness["differs"]:
        return Standing.WITNESSED
    return Standing.ALARM if found == "different" else Standing.LOST
