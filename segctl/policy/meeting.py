"""Which of very many sets share a member: found by one sweep over their borders, never by comparing each with each."""

from collections.abc import Sequence

from segctl.model.ranges import Ranges


def meeting(sets: Sequence[Ranges]) -> list[int]:
    """Of each set those that share a member with it, as bits by their places; itself too, if it has one.

    Thousands of flows share one set, by identity: it is swept once, and they get one answer.
    """
    sharing: dict[int, int] = {}
    distinct: dict[int, Ranges] = {}
    for place, ranges in enumerate(sets):
        sharing[id(ranges)] = sharing.get(id(ranges), 0) | 1 << place
        distinct[id(ranges)] = ranges
    keys = list(distinct)
    spans = sorted((first, last, number) for number, key in enumerate(keys) for first, last in distinct[key])
    bits = [sharing[key] for key in keys]
    found = [mine if distinct[key] else 0 for key, mine in zip(keys, bits, strict=True)]
    seen: set[int] = set()  # pairs that met before: sets meet in many places
    open_: dict[int, int] = {}  # number of a set: where its span that holds this place ends
    many = len(keys)
    for first, last, number in spans:
        for other in [other for other, end in open_.items() if end < first]:
            del open_[other]
        for other in open_:
            if (pair := number * many + other) not in seen:
                seen.add(pair)
                found[number] |= bits[other]
                found[other] |= bits[number]
        open_[number] = last
    answers = dict(zip(keys, found, strict=True))
    return [answers[id(ranges)] for ranges in sets]
