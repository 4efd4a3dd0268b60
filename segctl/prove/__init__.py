"""The proof: a listing against what the site says, for every packet.

In: a `Listing` (what the kernel holds) and a `Policy` (what the site means). Out: a `Proof`: proven, or packets that
tell the two apart, or the rules that nobody can judge. Never in it: the compiler, templates, `policy/classes.py`, a
kernel, a process: a fault in those must show here as a difference.
"""

from segctl.model.packet import Packet, Way
from segctl.prove.proof import prove
from segctl.prove.result import Difference, Found, Proof
from segctl.prove.trace import Trace, follow, said
from segctl.prove.unanswered import TooLarge, TooManyClasses

__all__ = [
    "Difference",
    "Found",
    "Packet",
    "Proof",
    "TooLarge",
    "TooManyClasses",
    "Trace",
    "Way",
    "follow",
    "prove",
    "said",
]
