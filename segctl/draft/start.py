"""A whole draft: the files of a first site, and what is to be said about them."""

from dataclasses import dataclass

from segctl.draft.hosts import Doubt, Form, Inventory, wrong
from segctl.draft.segments import Proposal, propose
from segctl.draft.site import drafted, endpoints, entry_doubts, said, starter
from segctl.load.files import MAIN
from segctl.load.schema import show_schema

SCHEMA = ".segctl.schema.json"
ENDPOINTS = "parts/endpoints.yaml"
COPY = "hosts.csv"


@dataclass(frozen=True, slots=True)
class Draft:
    """Files by their path from the site's folder, and every doubt as one line.

    `uses`: a file of the folder that is there already, and that the site names; `word`: as what the list was read.
    """

    site: str
    files: dict[str, bytes]
    doubts: tuple[str, ...] = ()
    uses: str | None = None
    segments: tuple[str, ...] = ()
    hosts: int = 0
    word: str = ""


def draft_from_nothing(name: str, remarks: tuple[str, ...] = ()) -> Draft:
    """The starter: three segments, a gateway, flows, a guardrail, expectations."""
    files = {MAIN: starter(name), SCHEMA: show_schema()}
    return Draft(name, _bytes(files), remarks, None, ("office", "servers", "admin"))


def draft_from(
    inventory: Inventory, name: str, source: bytes, inside: str | None = None, remarks: tuple[str, ...] = ()
) -> Draft:
    """A site for the hosts of a list, whose bytes are `source`; `SiteError` if no host of it can be used.

    A CSV that a site can read as it stands is named in place if it is `inside` the site's folder (its path from
    there), and copied otherwise; any other list becomes a file of endpoints.
    """
    proposal = propose(inventory)
    if not proposal.entries:
        _refuse(inventory, proposal.left_out)
    plain = _as_it_stands(proposal)
    holder = (inside or COPY) if plain else ENDPOINTS
    files = _bytes({MAIN: drafted(name, proposal, holder, plain, remarks), SCHEMA: show_schema()})
    if not plain:
        files[ENDPOINTS] = endpoints(proposal).encode()
    elif not inside:
        files[COPY] = source
    segments = tuple(segment.name for segment in proposal.segments if not segment.asleep)
    uses = inside if plain else None
    return Draft(name, files, (*remarks, *_doubts(proposal)), uses, segments, len(proposal.entries))


def _as_it_stands(proposal: Proposal) -> bool:
    """Whether the list itself says what we would: nothing had to be mended, renamed or left out."""
    inventory = proposal.inventory
    return (
        inventory.form is Form.CSV
        and inventory.clean
        and not proposal.left_out
        and len(proposal.entries) == len(inventory.hosts)
        and not any(entry.doubts for entry in proposal.entries)
    )


def _refuse(inventory: Inventory, left_out: tuple[Doubt, ...]) -> None:
    first = next((doubt for doubt in (*left_out, *inventory.doubts) if doubt.line), None)
    why = f": {first.text}" if first else ""
    more = f" (and {len(left_out) - 1} more)" if len(left_out) > 1 else ""
    what = f"no host with an address that a segment may hold{why}{more}"
    raise wrong(
        inventory.file, first.line if first else 1, 1, "inventory", what, "`segctl init` alone writes a starter"
    )


def _doubts(proposal: Proposal) -> tuple[str, ...]:
    """All of them with their places: of the whole, of segments, of hosts, of what was left out."""
    file = proposal.inventory.file
    lines = {entry.name: entry.line for entry in proposal.entries}
    of_hosts = (
        Doubt(f"{name}: {doubt}", lines[name]) for name, doubts in entry_doubts(proposal).items() for doubt in doubts
    )
    of_segments = (f"{file}: segment {one.name}: {doubt}" for one in proposal.segments for doubt in one.doubts)
    general = (said(proposal, doubt) for doubt in proposal.doubts)
    return (*general, *of_segments, *(said(proposal, doubt) for doubt in (*of_hosts, *proposal.left_out)))


def _bytes(texts: dict[str, str]) -> dict[str, bytes]:
    return {name: text.encode() for name, text in texts.items()}
