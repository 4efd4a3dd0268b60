"""SELECTOR: whom a statement names. Names are looked up here, what they mean is policy's."""

from segctl.load.blocks import looks_like_block, read_block, read_usable_block
from segctl.load.context import SEGMENT, Context
from segctl.load.fields import SEGMENT_SELECTOR, SELECTOR
from segctl.load.findings import Findings, Wrong
from segctl.load.record import Record, listed, record, scalar
from segctl.load.scalars import read_name, read_text
from segctl.load.values import Map, Scalar, Seq, Value, shorten
from segctl.model.selector import ANY, Block, Labelled, Labels, Named, SegmentsLabelled, Selector, Selectors, Within


def read_selectors(values: tuple[Value, ...], context: Context, special: bool = False) -> Selectors:
    """A list of them, without those that are wrong. `special`: special addresses may be named, to ask."""
    out: list[Selector] = []
    for value in values:
        selector = read_selector(value, context, special)
        if selector is not None:
            out.append(selector)
    return tuple(out)


def read_selector(value: Value, context: Context, special: bool = False) -> Selector | None:
    """A name, a CIDR, an address, a range, {labels: …}, {within: …} or {segments: …}."""
    if isinstance(value, Scalar):
        text = value.text
        if text in context.names.kinds or text == ANY:
            return Named(text, value.span)
        return _block_or_unknown(value, context, special)
    if isinstance(value, Map):
        return _by_mapping(value, context)
    if isinstance(value, Seq):
        context.findings.add(value.span, "wrong-type", "a list within a list", "write one flat list")
    return None


def _block_or_unknown(value: Scalar, context: Context, special: bool) -> Selector | None:
    text = scalar(value, read_text, context.findings)
    if text is None:
        return None
    try:
        if looks_like_block(text):
            first, last = read_block(text) if special else read_usable_block(text)
            return Block(text, first, last, value.span)
        if text == "*":
            raise Wrong("name", "'*' is no selector", "did you mean 'any'?")
        name = read_name(text)
    except Wrong as wrong:
        context.findings.wrong(value.span, _without_world(wrong))
        return None
    context.unknown_name(value.span, name, "segment, endpoint or point")
    return None


def _without_world(wrong: Wrong) -> Wrong:
    """`/0`: a statement, other than a member list, has words for it."""
    return Wrong(wrong.code, str(wrong), "say `any`, or `world`") if wrong.code == "prefix-zero" else wrong


def _by_mapping(value: Map, context: Context) -> Selector | None:
    found = record(value, SELECTOR, context.findings)
    if found is None:
        return None
    keys = [key for key in SELECTOR.fields if key in value.entries]
    if len(keys) != 1:
        if not value.entries or keys:
            context.findings.add(value.span, "wrong-type", "a selector says one of labels, within and segments",
                                 "write several as a list: they add up")  # fmt: skip
        return None
    if keys[0] == "labels":
        labels = read_labels_wanted(found, context.findings)
        return Labelled(labels, value.span) if labels else None
    if keys[0] == "within":
        name = read_segment_name(found.value("within"), context)
        return Within(name, value.span) if name else None
    inner = record(found.map.entries["segments"][1], SEGMENT_SELECTOR, context.findings)
    labels = read_labels_wanted(inner, context.findings) if inner else ()
    return SegmentsLabelled(labels, value.span) if labels else None


def read_segment_name(value: Value | None, context: Context) -> str | None:
    """The name of a segment that there is."""
    if isinstance(value, Scalar) and context.names.kinds.get(value.text) == SEGMENT:
        return value.text
    name = scalar(value, read_name, context.findings) if value is not None else None
    if name is not None and value is not None:
        context.unknown_name(value.span, name, "segment", SEGMENT)
    return None


def read_labels_wanted(found: Record, findings: Findings) -> Labels:
    """The labels that a selector asks for, each with one value or a list of them; sorted."""
    out: list[tuple[str, tuple[str, ...]]] = []
    pairs = found.pairs("labels")
    value = found.value("labels")
    if not pairs and isinstance(value, Map):
        findings.add(value.span, "no-value", "no label is asked for: that would select everything")
    for key, wanted in pairs:
        name = scalar(key, read_name, findings)
        texts = [scalar(item, read_text, findings) for item in listed(wanted, findings)]
        values = tuple(sorted({text for text in texts if text}))
        if not texts and isinstance(wanted, Seq):
            findings.add(wanted.span, "no-value", f"no value of '{shorten(key.text)}' is asked for")
        if name and values:
            out.append((name, values))
    return tuple(sorted(out))


def read_labels(found: Record, findings: Findings) -> dict[str, str]:
    """The labels that something carries: NAME: TEXT."""
    out: dict[str, str] = {}
    for key, value in found.pairs("labels"):
        name, text = scalar(key, read_name, findings), scalar(value, read_text, findings)
        if name and text:
            out[name] = text
    return out
