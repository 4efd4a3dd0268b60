"""The proof: a listing against what the site says, for every packet.

In: a `Listing` (what the kernel holds) and a `Policy` (what the site means). Out: a `Proof`: proven, or packets that
tell the two apart, or the rules that nobody can judge. Never in it: the compiler, templates, `policy/classes.py`, a
kernel, a process: a fault in those must show here as a difference.
"""

from segctl.prove.packet import Packet, Way
from segctl.prove.trace import Trace, follow

__all__ = ["Packet", "Trace", "Way", "follow"]
