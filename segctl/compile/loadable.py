"""A ruleset as it is carried to a point: text for nft, elements as bytes, the meaning of each number."""

from segctl.compile.pack import pack
from segctl.compile.render import render_structure
from segctl.compile.ruleset import Ruleset
from segctl.model.generation import Loadable


def loadable(rules: Ruleset) -> Loadable:
    """For any slot and generation, until the elements' ends: `kernel.structure` and `Elements.at` put those in."""
    structure = render_structure(rules, "segctl_a", 0)
    return Loadable(rules.point, structure, tuple(pack(rules)), rules.meanings)
