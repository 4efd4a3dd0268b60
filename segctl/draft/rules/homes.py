"""Where each block of addresses lives: a site binds addresses to interfaces, rules needn't.

What the user says goes first. Else a block lives behind the interface where the rules let more out of it than out of
the addresses that they don't name, or more into it; if they treat it nowhere better than those, where they let most out
of it, then into it, through the machine and then at its own ends; behind all where nothing tells them apart.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from segctl.draft.rules.land import Ground, Land
from segctl.model.packet import Way
from segctl.model.ranges import Ranges
from segctl.prove.axes import DADDR, IIF, OIF, SADDR
from segctl.prove.kinds import half

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Scores = NDArray[numpy.float64]

_ENDS = ((Way.FORWARD, True), (Way.FORWARD, False), (Way.INPUT, True), (Way.OUTPUT, False))
"""Ways, and whether the block is the source: the most telling first."""


def homes(land: Land, faces: tuple[str, ...], said: Mapping[str, Ranges]) -> dict[int, tuple[str, ...]]:
    """Of each block the interfaces. `said`: whose addresses live behind an interface, by the user's word."""
    axis = land.axis()
    claims = {name: axis.mask(spans) for name, some in said.items() if (spans := half(some, land.family))}
    free = tuple(name for name in faces if name not in said) or faces
    scores = list(_scores(land, free, faces))
    out = {}
    for at, number in enumerate(land.blocks):
        if claimed := tuple(name for name, mask in claims.items() if mask >> number & 1):
            out[number] = claimed
            continue
        each = [tuple(float(score[place, at]) for score in scores) for place in range(len(free))]
        out[number] = tuple(name for name, one in zip(free, each, strict=True) if one == max(each))
    return out


def _scores(land: Land, faces: tuple[str, ...], others: tuple[str, ...]) -> "Iterator[Scores]":
    """By interface and block, what tells most first. `others`: the interfaces at the other end."""
    there = [(land.grounds[way], source) for way, source in _ENDS if way in land.grounds]
    axis = land.axis()
    unnamed = max(range(len(land.blocks)), key=lambda at: axis.sizes[land.blocks[at]])
    held = [(_kinds(land, ground, source, faces, others), ground) for ground, source in there]
    for kinds, ground in held:
        yield _more(kinds, kinds[:, unnamed : unnamed + 1], ground)
    for kinds, ground in held:
        yield _all(kinds, ground)


def _kinds(land: Land, ground: Ground, source: bool, faces: tuple[str, ...],
           others: tuple[str, ...]) -> "NDArray[numpy.int32]":  # fmt: skip
    """What is met, by interface, block and other end."""
    import numpy

    face, address, other = (IIF, SADDR, OIF) if source else (OIF, DADDR, IIF)
    ids = ground.ids if source else ground.ids.transpose(2, 3, 0, 1)
    if land.grounds.get(Way.FORWARD) is ground:
        ids = ids.take(ground.faces(other, others), axis=2)
    rows = [ground.faces(face, (one,))[0] for one in faces]
    ids = ids[numpy.ix_(rows, ground.blocks(address, land.blocks))]
    return ids.reshape(len(rows), len(land.blocks), -1)


def _more(kinds: "NDArray[numpy.int32]", usual: "NDArray[numpy.int32]", ground: Ground) -> "Scores":
    """How much more passes than usually."""
    import numpy

    both = kinds.astype(numpy.int64) * len(ground.kinds) + usual
    numbers, inverse = numpy.unique(both, return_inverse=True)
    weights = []
    for number in numbers:
        one, other = divmod(int(number), len(ground.kinds))
        weights.append(float((ground.kinds[one].passed - ground.kinds[other].passed).size()) if one != other else 0.0)
    return numpy.asarray(numpy.array(weights)[inverse.reshape(kinds.shape)].sum(axis=2))


def _all(kinds: "NDArray[numpy.int32]", ground: Ground) -> "Scores":
    import numpy

    weights = numpy.array([float(one.passed.size()) for one in ground.kinds])
    return numpy.asarray(weights[kinds].sum(axis=2))
