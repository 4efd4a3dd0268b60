"""What the questions answer: nothing but types."""

from segctl.ask.result.answers import Action, Answer, Bearing, Change, Explanation, Extent, Part, Word
from segctl.ask.result.called import Called, Hop, Passing
from segctl.ask.result.change import Difference, Far, FarRow, Later, Radius, Review, Row, Turn
from segctl.ask.result.checked import Checked, Entry, Register, State, Told, Verified
from segctl.ask.result.reach import Blast, Direct, Exposure, Path, Reached, Ring, Severed

__all__ = [
    "Action",
    "Answer",
    "Bearing",
    "Blast",
    "Called",
    "Change",
    "Checked",
    "Difference",
    "Direct",
    "Entry",
    "Explanation",
    "Exposure",
    "Extent",
    "Far",
    "FarRow",
    "Hop",
    "Later",
    "Part",
    "Passing",
    "Path",
    "Radius",
    "Reached",
    "Register",
    "Review",
    "Ring",
    "Row",
    "Severed",
    "State",
    "Told",
    "Turn",
    "Verified",
    "Word",
]
