"""How answers are shown: pictures, tables and machine formats.

In: what the other rooms answered (their result types), and for pictures the segment graph. Out: text, deterministic
to the byte, in which nothing that a site says can be read as markup.
Never in it: a decision of its own, the kernel, the network, the clock. The one process that it starts is Graphviz.
"""

from segctl.report.dot import draw_dot
from segctl.report.layout import GraphvizError, GraphvizMissing
from segctl.report.mermaid import draw_mermaid
from segctl.report.picture import Picture
from segctl.report.svg import draw_svg

__all__ = ["GraphvizError", "GraphvizMissing", "Picture", "draw_dot", "draw_mermaid", "draw_svg"]
