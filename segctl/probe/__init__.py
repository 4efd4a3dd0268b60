"""What real packets can do: every cell of a site's matrix, sent from inside and looked for at the far side.

In: a Policy, a time, and a Stage (which machines there are, where their sockets are opened, which of them filter).
Out: for each cell what was seen (delivered, blocked, rejected, inconclusive), and how that stands to the law's effect.
Never in it: how the machines were made (the lab's affair), what their rules are, and a pass without a positive control.
`matrix`, `services`, `judge` are pure; `send` and `listen` alone hold sockets; `packet` loads scapy when it must.
"""

from segctl.probe.forged import forged_cells
from segctl.probe.limits import lift
from segctl.probe.matrix import MOST, cells_of
from segctl.probe.result import Answer, Cell, End, Matrix, Seen, Standing, Tried
from segctl.probe.run import Pace, Planned, Ran, plan
from segctl.probe.services import Asked, just, services_of
from segctl.probe.stage import Node, Stage
from segctl.probe.way import StageError

__all__ = [
    "MOST",
    "Answer",
    "Asked",
    "Cell",
    "End",
    "Matrix",
    "Node",
    "Pace",
    "Planned",
    "Ran",
    "Seen",
    "Stage",
    "StageError",
    "Standing",
    "Tried",
    "cells_of",
    "forged_cells",
    "just",
    "lift",
    "plan",
    "services_of",
]
