"""From the meaning of a site to the rules of one point.

In: a Policy, a point's name and a time. Out: a Ruleset (typed), its text through the templates, its elements as
bytes, and the numbers with what each stands for. The same site gives the same bytes.
Never in it: the kernel, the network, the clock; nft syntax (that stands in templates/ alone).
"""

from segctl.compile.gateway import compile_gateway
from segctl.compile.host import compile_host
from segctl.compile.loadable import loadable
from segctl.compile.pack import pack
from segctl.compile.point import compile_point
from segctl.compile.render import (
    generation_name,
    no_exceptions,
    render_delete,
    render_flip,
    render_holding,
    render_sleep,
    render_structure,
    render_table,
    render_trial,
)
from segctl.compile.ruleset import Ruleset
from segctl.compile.stats import statistics

__all__ = [
    "Ruleset",
    "compile_gateway",
    "compile_host",
    "compile_point",
    "generation_name",
    "loadable",
    "no_exceptions",
    "pack",
    "render_delete",
    "render_flip",
    "render_holding",
    "render_sleep",
    "render_structure",
    "render_table",
    "render_trial",
    "statistics",
]
