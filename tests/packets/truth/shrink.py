"""The smallest rule set under which a packet still has two verdicts."""

from dataclasses import replace

from segctl.kernel.errors import KernelError
from tests.packets.truth.model import ReaderCrashed
from tests.packets.truth.rounds import Ring, Unloadable
from tests.packets.truth.verdicts import Verdict, Volley, shown


def smallest(ring: Ring, volley: Volley, verdict: Verdict, most: int = 400) -> tuple[Volley, Verdict] | None:
    """Parts taken away one by one while the same two verdicts differ, at most so many tries.

    None if the packet alone doesn't differ again: then it did because of others, or by chance.
    """
    found = _again(ring, volley, verdict)
    if found is None:
        return None
    tries, going = 0, True
    while going and tries < most:
        going = False
        for less in volley.rules.smaller():
            tries += 1
            smaller = replace(volley, rules=less)
            if tries < most and (again := _again(ring, smaller, found)) is not None:
                volley, found, going = smaller, again, True
                break
    return volley, found


def _again(ring: Ring, volley: Volley, verdict: Verdict) -> Verdict | None:
    """The packet alone, under these rules, if it has the same two verdicts as before."""
    try:
        (found,) = ring.fought(volley, [verdict.shot])
    except (ReaderCrashed, Unloadable, KernelError):
        return None
    same = (found.kernel, found.said.ending, found.said.fault) == (
        verdict.kernel,
        verdict.said.ending,
        verdict.said.fault,
    )
    return found if same and found.differs else None


def report(ring: Ring, volley: Volley, verdict: Verdict) -> str:
    """Everything that is needed to see who is wrong, and to play it again."""
    small = smallest(ring, volley, verdict)
    head = f"seed {volley.seed}, packet {verdict.shot.number}"
    if small is None:
        return f"{head}: differs only among the others\n{shown(verdict, volley.rules)}\n{volley.rules.text}"
    return f"{head}\n{shown(small[1], small[0].rules)}\n{small[0].rules.text}"
