"""The law: what a site means (design, section 2). An auditor can read this room alone.

In: a Site as written, and a time. Out: the partition of all addresses, a Decision for each question, its effect,
which points stand between, a stable number for each allowance, and findings on what cannot be meant.
Never in it: I/O, the clock, nft, networkx. `classes` is the compiler's shortcut and never the proof's.
"""

from segctl.policy.coverage import covered, segments_covered
from segctl.policy.decide import decide
from segctl.policy.effect import judge, judge_at_point, loose
from segctl.policy.examine import Examined, examine
from segctl.policy.policy import Policy, resolve

__all__ = [
    "Examined",
    "Policy",
    "covered",
    "decide",
    "examine",
    "judge",
    "judge_at_point",
    "loose",
    "resolve",
    "segments_covered",
]
