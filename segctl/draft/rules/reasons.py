"""Why a flow is there: the words of the rules that it was made of."""

from collections.abc import Iterator

from segctl.draft.rules.land import Land
from segctl.draft.rules.plan import Line
from segctl.draft.rules.segments import Made, Pairs
from segctl.draft.rules.survey import Survey
from segctl.listing.rule import Ending
from segctl.model.packet import Way
from segctl.prove.axes import DADDR, IIF, OIF, SADDR
from segctl.prove.row import By, rule_said

_PAIRS, _RULES, _LONGEST = 4, 3, 120


def reason(survey: Survey, pairs: Pairs, line: Line, passes: bool) -> str:
    """The first rules that let the line's connections through (or that don't), or a chain's policy."""
    made = {one.name: one for one in pairs.segments}
    each = [(made.get(source), made.get(target)) for source in line.sources for target in line.targets]
    found = dict.fromkeys(word for source, target in each[:_PAIRS] for word in _words(survey, source, target, passes))
    said = list(found) or ["no rule refuses it" if passes else "the rules"]
    more = f" (and {len(said) - _RULES} more)" if len(said) > _RULES else ""
    return f"as {'; '.join(said[:_RULES])}{more}"


def _words(survey: Survey, source: Made | None, target: Made | None, passes: bool) -> Iterator[str]:
    way = Way.INPUT if target is None else Way.OUTPUT if source is None else Way.FORWARD
    for land in survey.lands:
        for by in _by(land, way, source, target, passes):
            said = rule_said(by)
            text = said.text if len(said.text) <= _LONGEST else f"{said.text[:_LONGEST]}…"
            yield f"{said.chain}: {text}"


def _by(land: Land, way: Way, source: Made | None, target: Made | None, passes: bool) -> Iterator[By]:
    import numpy

    ground = land.grounds[way]
    if any(one is not None and land.family not in one.at for one in (source, target)):
        return
    numbers = ground.endings.cells.pairs
    box = [list(range(size)) for size in numbers.shape]
    for one, face, address, at in ((source, IIF, SADDR, 0), (target, OIF, DADDR, 2)):
        if one is not None:
            box[at] = ground.faces(face, one.homes) or box[at]
            box[at + 1] = ground.blocks(address, (land.blocks[one.at[land.family]],))
    for number in numpy.unique(numbers[numpy.ix_(*box)]):
        for end in ground.endings.of(int(number)):
            if end.ending is not None and (end.ending is Ending.ACCEPT) is passes and end.by is not None:
                yield end.by
