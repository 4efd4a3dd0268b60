"""How a generation comes to a point: loaded asleep, read back, primed, woken in one flip, taken back.

In: a Policy, a point's Ruleset and a Runner. Out: what was applied, or an exception that says what was put back.
Every change is a list of named steps, each with its undoing. Our tables only.
Never in it: scapy, networkx, nft syntax, a table of somebody else's.
"""

from segctl.apply.result import Applied, CannotApply, Lost, NotApplied, RolledBack, Unsettled
from segctl.apply.slots import Slots, read_slots
from segctl.apply.steps import Proving, apply, roll_back

__all__ = [
    "Applied",
    "CannotApply",
    "Lost",
    "NotApplied",
    "Proving",
    "RolledBack",
    "Slots",
    "Unsettled",
    "apply",
    "read_slots",
    "roll_back",
]
