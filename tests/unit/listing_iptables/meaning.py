"""What a listing's rules say of one packet, by the plainest reading of rule.py: to compare with the kernel."""

from collections.abc import Iterable, Mapping

from segctl.listing.rule import (
    Anybit,
    Aside,
    Assign,
    Bits,
    Constant,
    Decide,
    Ending,
    Expression,
    Join,
    Load,
    Lookup,
    Match,
    Maybe,
    Opaque,
    Rule,
    Set,
    Shift,
    Table,
)

Facts = Mapping[str, int]
"""A packet's fields; what it doesn't have isn't there."""


def value(left: Expression, facts: Facts) -> int | None:
    """An expression's value; None if the packet lacks a field."""
    match left:
        case Load(field=field):
            return facts.get(field)
        case Constant(value=number):
            return number
        case Bits(of=of, mask=mask, flip=flip):
            found = value(of, facts)
            return None if found is None else (found & mask) ^ flip
        case Shift(of=of, by=by):
            found = value(of, facts)
            return None if found is None else found << by if by > 0 else found >> -by
    raise AssertionError(left)


def key(left: Expression, facts: Facts) -> tuple[int, ...] | None:
    parts = left.parts if isinstance(left, Join) else (left,)
    values = [value(part, facts) for part in parts]
    known = tuple(one for one in values if one is not None)
    return known if len(known) == len(values) else None


def holds(found: Set, asked: tuple[int, ...]) -> bool:
    """Whether a set has a key: at most one of its elements may."""
    hits = [
        element
        for element in found.elements
        if all(first <= one <= last for one, (first, last) in zip(asked, element.key, strict=True))
    ]
    assert len(hits) < 2, f"{found.name} has overlapping elements {hits}"
    return bool(hits)


def fits(rule: Rule, facts: Facts, sets: Mapping[str, Set]) -> bool | None:
    """Whether a packet gets to the end of a rule's conditions; None: it may or may not."""
    sure = True
    for statement in rule.statements:
        match statement:
            case Match(left=left, spans=spans, negated=negated):
                found = value(left, facts)
                if found is None or any(first <= found <= last for first, last in spans) == negated:
                    return False
            case Anybit(left=left, bits=bits, negated=negated):
                found = value(left, facts)
                if found is None or bool(found & bits) == negated:
                    return False
            case Lookup(key=left, set=named, negated=negated):
                asked = key(left, facts)
                whole = named if isinstance(named, Set) else sets[named]
                if asked is None or holds(whole, asked) == negated:
                    return False
                sure &= not (whole.fault or whole.dynamic)
            case Maybe() | Opaque():
                sure = False
            case _:
                break
    return True if sure else None


def after(rules: Iterable[Rule], facts: Facts, sets: Mapping[str, Set]) -> Facts:
    """The fields behind some rules that each surely fit or not, and set something."""
    now = dict(facts)
    for rule in rules:
        fit = fits(rule, now, sets)
        assert fit is not None, rule
        for statement in rule.statements if fit else ():
            if isinstance(statement, Assign):
                made = value(statement.value, now)
                if made is None:  # without a connection there is no mark to take
                    break
                now[statement.field] = made
    return now


def line_fits(rules: Iterable[Rule], facts: Facts, sets: Mapping[str, Set]) -> bool | None:
    """The same for all rules of one line, of which no two may fit a packet."""
    answers = [fits(rule, facts, sets) for rule in rules]
    assert answers.count(True) < 2, [rule for rule in rules]
    return True if True in answers else None if None in answers else False


def verdict(table: Table, chain: str, facts: Facts) -> Ending:
    """What a table's base chain does with a packet; only rules that are sure are understood."""
    ending = _run(table, chain, facts)
    hook = table.chains[chain].hook
    assert hook is not None
    return hook.policy if ending is Ending.RETURN else ending


def _run(table: Table, chain: str, facts: Facts) -> Ending:
    for rule in table.chains[chain].rules:
        fit = fits(rule, facts, table.sets)
        assert fit is not None, rule
        if not fit:
            continue
        last = rule.statements[-1]
        if isinstance(last, Aside):
            continue
        assert isinstance(last, Decide), last
        ending, to = last.verdict.ending, last.verdict.chain
        if ending in (Ending.JUMP, Ending.GOTO):
            assert to is not None
            inner = _run(table, to, facts)
            if inner is not Ending.RETURN or ending is Ending.GOTO:
                return inner
        else:
            return ending
    return Ending.RETURN
