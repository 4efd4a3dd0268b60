"""What is said of a draft, in its own file and on the terminal."""

from collections.abc import Iterator

from segctl.draft.audit.bare import translations
from segctl.draft.audit.given import Given, rules
from segctl.draft.result import Apart, Equality, LeftOut, OnPurpose
from segctl.draft.rules.left_out import TAKEN, fields_asked, logs, marking
from segctl.draft.rules.plain import asks_the_way_back
from segctl.draft.rules.survey import Survey
from segctl.prove.path import bridges

_MOST = 30
_PACKETS = ("taken for granted of a packet: it begins a connection (TCP: SYN alone), is whole, and bears no mark; "
            "replies and running connections aren't compared: segctl lets through what belongs to a connection that it "
            "let begin")  # fmt: skip


def head(equality: Equality, lost: tuple[LeftOut, ...], said: tuple[str, ...]) -> tuple[str, ...]:
    """Paragraphs for the top of the file."""
    out = [verdict(equality)]
    if equality.differences:
        out += ["", "Where they differ:", *(f"- {told(one)}" for one in equality.differences[:_MOST])]
        out += _more(len(equality.differences))
    if equality.gaps:
        out += ["", "Not read:", *(f"- {one}" for one in equality.gaps[:_MOST]), *_more(len(equality.gaps))]
    if equality.exceptions:
        out += ["", "Different on purpose:"]
        out += [f"- {meant(one)}" for one in equality.exceptions]
    if lost:
        out += ["", "Rules that a site can't say:"]
        out += [f"- {one.place.file}:{one.place.line}: {one.rule}: {one.why}" for one in lost]
    out += ["", "To be known:", *(f"- {one}" for one in said)]
    return tuple(out)


def verdict(equality: Equality) -> str:
    """What was found, in a sentence."""
    ways = ", ".join(equality.ways)
    over = " and ".join(f"IPv{family}" for family in equality.families)
    of = (f"{equality.pairs} pairs of ends ({ways}; {over}; the original opens {equality.opened} of them, "
          f"the site {equality.kept} of those)")  # fmt: skip
    if equality.equal:
        return (f"PROVED: for every packet that begins a connection, over {of}, the rules that segctl makes of this "
                "site let through, drop and reject what the original does, but for what is named below.")  # fmt: skip
    if not equality.differences:
        return (f"NOT PROVED: over {of}, the rules that segctl makes of this site decide as what was read of the "
                f"original; but that isn't all of it: {len(equality.gaps)} not read.")  # fmt: skip
    count = sum(one.pairs for one in equality.differences)
    return (f"DIFFERS: over {of}, the rules that segctl makes of this site don't decide as the original, in "
            f"{len(equality.differences)} ways ({count} pairs).")  # fmt: skip


def told(one: Apart) -> str:
    """A difference in a line."""
    why = f" ({one.doubts[0]})" if one.doubts else ""
    by = f" by {one.by}" if one.by else ""
    return (f"{one.way} IPv{one.family} {one.packet}: the original: {one.rules}{why}{by}; the site: {one.site} "
            f"({one.pairs} pairs)")  # fmt: skip


def meant(one: OnPurpose) -> str:
    """A difference on purpose in a line."""
    return f"{one.name}: {one.what}: {one.pairs} pairs, in {one.opened} of them the original lets something through"


def _more(count: int) -> list[str]:
    return [f"- and {count - _MOST} more"] if count > _MOST else []


def notes(given: Given, found: Survey, asked: tuple[int, ...]) -> Iterator[str]:
    """What a reader must know beside the differences."""
    yield _PACKETS
    for family in (4, 6):
        if family not in asked:
            yield f"IPv{family}: the files don't speak of it; the site refuses all of it"
    for face, whose in found.invented.items():
        yield f"{face} stands for {whose}: give it its name, or say --behind NAME"
    if not found.wanted.ways[1:]:
        yield ("input and output aren't imported: the machine's own addresses aren't in the rules. A site without them "
               "lets nobody speak to it: say --own IF=ADDR/LENGTH, or, if it is a host, --host ADDR")  # fmt: skip
    yield from _taken(given, found)
    if any(True for _ in translations(given.listing)):
        yield "NAT: addresses are those that the filter sees, the source before, the destination after translation"
    if marks := marking(given):
        yield (f"{marks} rules set marks that other rules read: what the filter decides by them is imported; whoever "
               "else reads them (routing, traffic control) isn't served by the site")  # fmt: skip
    logging = sum(logs(rule) for _, _, rule in rules(given.listing))
    if logging:
        yield f"{logging} rules write lines: segctl writes its own for what it refuses"
    for table in bridges(given.listing.tables):
        yield f"table {table.name} looks at bridged frames, and is left out"
    yield from given.listing.beside


def _taken(given: Given, found: Survey) -> Iterator[str]:
    asked = fields_asked(given)
    assumed = {
        word
        for land in found.lands
        for ground in land.grounds.values()
        for word in ground.endings.assumed
        if word in asked
    }
    if "fib saddr . iif oif" in assumed or any(asks_the_way_back(rule) for _, _, rule in rules(given.listing)):
        yield "reverse path: the rules drop a source that isn't routed back where it came in; segctl binds instead"
    kinds, others = sorted(assumed & TAKEN - {"ip frag-off"}), sorted(assumed - TAKEN)
    if kinds:
        yield f"the rules ask for {', '.join(kinds)}: compared are packets from one machine to one machine"
    if others:
        yield f"the rules ask for {', '.join(others)}: compared are packets where these are 0"
