"""The elements of a set, as JSON writes them, to Element: column by column, as there may be many thousands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from segctl.listing.rule import Element, Ending, Span, Verdict
from segctl.listing.say import MALFORMED
from segctl.listing.values import NotUnderstood, Values, words_of
from segctl.listing.words import WIDTHS

Raw = Any
"""Of a JSON document: an element's key, or for a map a list of key and answer."""

OBJECTS = frozenset(
    {
        "counter", "quota", "limit", "ct helper", "ct timeout", "ct expectation", "secmark", "synproxy", "translation",
    }
)  # fmt: skip
"""What an element may answer that is no data for us: the name of an object, or what NAT makes of an address."""

_HARMLESS = frozenset({"val", "timeout", "expires", "comment", "counter", "last"})
_VERDICTS = frozenset({"accept", "drop", "return", "continue"})


def verdict(said: Raw) -> Verdict:
    """`{"goto": {"target": "x"}}` or `{"drop": null}`; raises NotUnderstood."""
    if isinstance(said, dict) and len(said) == 1:
        ((word, about),) = said.items()
        if word in ("jump", "goto") and isinstance(about, dict) and isinstance(about.get("target"), str):
            return Verdict(Ending(word), about["target"])
        if word in _VERDICTS and about is None:
            return Verdict(Ending(word))
    raise NotUnderstood(words_of(said))


def in_order(elements: Iterable[Element]) -> tuple[Element, ...]:
    """Sorted by key: the order that a listing has them in says nothing, and equal sets then compare equal."""
    return tuple(sorted(elements, key=itemgetter(0)))


@dataclass(frozen=True, slots=True)
class Shape:
    """What a set's elements are made of: types of the key's parts, their widths where a type has none, the answer."""

    parts: tuple[str, ...]
    bits: tuple[int | None, ...]
    answers: str | None

    def whole(self) -> tuple[Span, ...]:
        """All keys there are: what the catch-all element stands for."""
        widths = (WIDTHS.get(part, bits) for part, bits in zip(self.parts, self.bits, strict=True))
        return tuple((0, (1 << (width or 128)) - 1) for width in widths)


class _Spans(dict[Raw, Span]):
    """Constants of one type to spans, each once; the plain ones without a detour."""

    def __init__(self, kind: str, bits: int | None, values: Values) -> None:
        super().__init__()
        self.kind, self.bits, self.known = kind, bits, values

    def __missing__(self, value: Raw) -> Span:
        if value.__class__ is int and self.kind not in ("time", "ct_label"):
            found: Span = (value, value)
        else:
            found = self.known.span(self.kind, value, self.bits)
        self[value] = found
        return found

    def all(self, column: Sequence[Raw]) -> list[Span]:
        try:
            return list(map(self.__getitem__, column))
        except TypeError:  # lists and dictionaries among them
            span, kind, bits = self.known.span, self.kind, self.bits
            return [span(kind, one, bits) if one.__class__ in (dict, list) else self[one] for one in column]


def _verdicts(column: Iterable[Raw]) -> list[Verdict]:
    """Each different verdict made once: a map may name few chains for many keys."""
    known: dict[str, Verdict] = {}
    out = []
    for said in column:
        word = repr(said)
        if word not in known:
            known[word] = verdict(said)
        out.append(known[word])
    return out


def elements_of(raw: Sequence[Raw], shape: Shape, values: Values) -> tuple[tuple[Element, ...], str | None]:
    """The elements in order of their keys, and why some can't be relied on or are missing.

    The catch-all `*` stands last and spans all keys: of a map, an element before it that has the key comes first.
    """
    faults: list[str] = []
    try:
        found, stars = _read(raw, shape, values, faults)
    except (NotUnderstood, *MALFORMED):
        found, stars = _one_by_one(raw, shape, values, faults)
    return (*in_order(found), *stars), "; ".join(faults[:3]) or None


def _one_by_one(
    raw: Sequence[Raw], shape: Shape, values: Values, faults: list[str]
) -> tuple[list[Element], list[Element]]:
    found: list[Element] = []
    stars: list[Element] = []
    for one in raw:
        try:
            plain, star = _read([one], shape, values, faults)
        except (NotUnderstood, *MALFORMED):
            faults.append(f"an element isn't understood: {words_of(one)}")
        else:
            found += plain
            stars += star
    return found, stars


def _read(raw: Sequence[Raw], shape: Shape, values: Values, faults: list[str]) -> tuple[list[Element], list[Element]]:
    keys, answers = raw, _answers(raw, shape.answers, values, faults)
    if shape.answers is not None:
        keys = list(map(itemgetter(0), raw))
    keys, expires = _unwrapped(keys, faults)
    stars = []
    if "*" in keys:
        whole, others = shape.whole(), []
        for at, key in enumerate(keys):
            if key == "*":
                stars.append(Element(whole, answers[at], expires[at]))
            else:
                others.append(at)
        keys, answers = [keys[at] for at in others], [answers[at] for at in others]
        expires = [expires[at] for at in others]
    spans = [
        _Spans(part, bits, values).all(column)
        for part, bits, column in zip(shape.parts, shape.bits, _columns(keys, len(shape.parts)), strict=True)
    ]
    return list(map(Element, zip(*spans, strict=True), answers, expires)), stars


def _columns(keys: Sequence[Raw], width: int) -> Sequence[Sequence[Raw]]:
    if width == 1:
        return [keys]
    columns = list(zip(*[key["concat"] for key in keys], strict=True)) or [()] * width
    if len(columns) != width:
        raise NotUnderstood("a concatenation of another length than its type")
    return columns


def _answers(raw: Sequence[Raw], kind: str | None, values: Values, faults: list[str]) -> Sequence[int | Verdict | None]:
    if kind is None or kind in OBJECTS:
        return [None] * len(raw)
    data = list(map(itemgetter(1), raw))
    if kind == "verdict":
        return _verdicts(data)
    try:
        spans = _Spans(kind, None, values).all(data)
        if all(first == last for first, last in spans):
            return [first for first, _ in spans]
        faults.append("it answers ranges")
    except NotUnderstood:
        faults.append(f"what it answers isn't understood ({kind})")
    return [None] * len(raw)


def _unwrapped(keys: Sequence[Raw], faults: list[str]) -> tuple[Sequence[Raw], Sequence[float | None]]:
    """Keys without what else an element says, and how many seconds each still lives."""
    if not any(key.__class__ is dict and "elem" in key for key in keys):
        return keys, [None] * len(keys)
    plain: list[Raw] = []
    expires: list[float | None] = []
    for key in keys:
        left = None
        if key.__class__ is dict and "elem" in key:
            about = key["elem"]
            if not about.keys() <= _HARMLESS:
                faults.append(f"an element holds a {', '.join(sorted(about.keys() - _HARMLESS))}")
            left = about.get("expires", about.get("timeout"))
            key = about["val"]
        plain.append(key)
        expires.append(None if left is None else float(left))
    return plain, expires
