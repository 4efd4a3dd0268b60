"""How a generation comes to a point: loaded asleep, read back, primed, woken in one flip, taken back.

In: a Policy, a point's Ruleset and a Runner. Out: what was applied, or an exception that says what was put back.
Every change is a list of named steps, each with its undoing. Our tables only.
Never in it: scapy, networkx, nft syntax, a table of somebody else's.
"""

from segctl.apply.change import apply, apply_plan
from segctl.apply.job import Proving, Wish
from segctl.apply.result import Applied, CannotApply, Lost, NotApplied, RolledBack, Unsettled
from segctl.apply.rollback import roll_back, roll_back_to
from segctl.apply.slots import Slots, read_slots

__all__ = [
    "Applied",
    "CannotApply",
    "Lost",
    "NotApplied",
    "Proving",
    "RolledBack",
    "Slots",
    "Unsettled",
    "Wish",
    "apply",
    "apply_plan",
    "read_slots",
    "roll_back",
    "roll_back_to",
]
