"""The questions that people and pipelines ask of policies: can, check's expectations, the segment graph, diff.

In: a Policy, selectors, services, a time. Out: answers as types (`result.py`), and a networkx graph.
Everything is exact: over all addresses and services of a question, by the classes that the law can tell apart.
Never in it: the kernel, the clock, how an answer is printed.
"""

from segctl.ask.can import can
from segctl.ask.diff import difference
from segctl.ask.expect import judge_expectations
from segctl.ask.result import Answer, Difference, Hop, Part, Verified

__all__ = ["Answer", "Difference", "Hop", "Part", "Verified", "can", "difference", "judge_expectations"]
