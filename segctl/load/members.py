"""A segment's members: CIDR, ADDR, RANGE, endpoint, {labels: …}, {file: …}, {file: …, column: …}."""

from segctl.load.blocks import looks_like_block, plain_block, read_usable_block
from segctl.load.context import ENDPOINT, Context
from segctl.load.fields import MEMBER
from segctl.load.findings import Wrong
from segctl.load.lists import open_list, read_csv_list, read_text_list
from segctl.load.record import record, scalar
from segctl.load.scalars import read_name, read_text
from segctl.load.selectors import read_labels_wanted
from segctl.load.values import Map, Scalar, Seq, Value
from segctl.model.selector import Block, Labelled, Named, Selector, Selectors


def read_members(values: tuple[Value, ...], context: Context) -> Selectors:
    """All members that are right, in the order of the site (a file's lines where the file is named)."""
    out: list[Selector] = []
    for value in values:
        if isinstance(value, Scalar):
            text, file, line, column, _ = value
            one = plain_block(text, file, line, column) or _single(value, context)
            if one is not None:
                out.append(one)
        elif isinstance(value, Map):
            out.extend(_by_mapping(value, context))
        elif isinstance(value, Seq):
            context.findings.add(value.span, "wrong-type", "a list within a list", "write one flat list")
    return tuple(out)


def _single(value: Scalar, context: Context) -> Selector | None:
    text = value.text
    if context.names.kinds.get(text) == ENDPOINT:
        return Named(text, value.span)
    if not looks_like_block(text):
        name = scalar(value, read_name, context.findings)
        if name is not None:
            context.unknown_name(value.span, name, "endpoint", ENDPOINT)
        return None
    try:
        return Block(text, *read_usable_block(text), value.span)
    except Wrong as wrong:
        context.findings.wrong(value.span, wrong)
        return None


def _by_mapping(value: Map, context: Context) -> Selectors:
    found = record(value, MEMBER, context.findings)
    if found is None:
        return ()
    if "labels" in value.entries and "file" not in value.entries and "column" not in value.entries:
        labels = read_labels_wanted(found, context.findings)
        return (Labelled(labels, value.span),) if labels else ()
    if "file" not in value.entries or "labels" in value.entries:
        if not value.entries or any(key in MEMBER.fields for key in value.entries):
            context.findings.add(value.span, "wrong-type", "a member says labels, or file, or file and column")
        return ()
    path, place = found.read("file", read_text), found.map.entries["file"][1].span
    opened = open_list(path, place, context) if path else None
    if opened is None:
        return ()
    column = found.value("column")
    if column is None:
        return tuple(read_text_list(*opened, context))
    name = found.text("column")
    return tuple(read_csv_list(*opened, name, column.span, context)) if name else ()
