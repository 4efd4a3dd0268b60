"""Proposals to the text of a site's files. Templates write nothing but `Safe` texts and integers, or the build fails.

How comments are written: prose is `# ` and a word; what can be tried by taking the `#` away is `#` and then a key, or
`#` and at least two blanks. A test takes them all away, and what is left is a site.
"""

import textwrap
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from segctl.draft.gateway import Leg, legs
from segctl.draft.hosts import Doubt
from segctl.draft.networks import show_network
from segctl.draft.quote import Safe, joined, path, place, remark, value, word
from segctl.draft.segments import Proposal, Proposed
from segctl.draft.tidy import Entry
from segctl.model.ranges import show_address

_MOST_NAMED = 6
_WIDTH = 100


class UnsafeText(Exception):
    """A value that nobody quoted was about to be written into a site."""


@dataclass(frozen=True, slots=True)
class _Segment:
    """A proposed segment as a template needs it. `lead` is `#` where the whole of it is only an example."""

    lead: Safe
    name: Safe
    members: Safe
    wider: Safe | None
    labels: Safe | None
    shares: bool
    hosts: Safe
    doubts: tuple[Safe, ...]


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """An endpoint as a template needs it."""

    name: Safe
    addresses: Safe
    labels: Safe | None
    aliases: Safe | None
    doubts: tuple[Safe, ...]


def starter(name: str) -> str:
    """`segctl.yaml` of a small whole site, from nothing."""
    return render("starter.yaml.j2", site=word(name))


def drafted(name: str, proposal: Proposal, endpoints: str, is_csv: bool, remarks: tuple[str, ...]) -> str:
    """`segctl.yaml` for the hosts of a list. `endpoints`: the file that holds them; `remarks`: what else to say."""
    awake = tuple(one for one in proposal.segments if not one.asleep)
    taken = frozenset(address for entry in proposal.entries for address in entry.addresses)
    doubts = [*remarks, *(said(proposal, doubt) for doubt in proposal.doubts)]
    if is_csv:  # nothing can be said in the list itself
        doubts += [f"{name}: {doubt}" for name, doubt in proposal.spread.items()]
    elsewhere = 0 if is_csv else len(proposal.left_out) + sum(map(len, entry_doubts(proposal).values()))
    first, last = awake[0].name, awake[-1].name
    return render(
        "drafted.yaml.j2",
        site=word(name),
        source=remark(proposal.inventory.file),
        form=remark(proposal.inventory.form),
        hosts=len(proposal.entries),
        how=remark(proposal.how),
        endpoints=path(endpoints),
        is_csv=is_csv,
        doubts=tuple(map(remark, doubts)),
        elsewhere=elsewhere,
        by_label=any(one.label for one in proposal.segments),
        segments=tuple(map(_segment, proposal.segments)),
        first=word(first),
        last=word(last) if last != first else Safe("world"),
        alone=last == first,
        legs=tuple(map(_leg, legs(awake, taken))),
    )


def endpoints(proposal: Proposal) -> str:
    """`parts/endpoints.yaml`: every host, what is doubtful above it, and what was left out."""
    doubts = entry_doubts(proposal)
    return render(
        "endpoints.yaml.j2",
        source=remark(proposal.inventory.file),
        endpoints=tuple(_endpoint(entry, doubts.get(entry.name, ())) for entry in proposal.entries),
        left_out=tuple(remark(said(proposal, doubt)) for doubt in proposal.left_out),
    )


def entry_doubts(proposal: Proposal) -> dict[str, tuple[str, ...]]:
    """What is doubtful about each endpoint, by its name."""
    out = {entry.name: entry.doubts for entry in proposal.entries if entry.doubts}
    for name, doubt in proposal.spread.items():
        out[name] = (*out.get(name, ()), doubt)
    return out


def said(proposal: Proposal, doubt: Doubt) -> str:
    """A doubt with its place in the source."""
    file = proposal.inventory.file
    return f"{file}:{doubt.line}: {doubt.text}" if doubt.line else f"{file}: {doubt.text}"


def _segment(one: Proposed) -> _Segment:
    wider: Safe | None = None
    if one.label:
        members = _label(*one.label)
        if one.alone and len(one.lives) <= _MOST_NAMED:
            wider = Safe(f"[{joined(place(show_network(network)) for network in one.lives)}]")
    else:
        parts = [place(show_network(network)) for network in one.networks] or [word(name) for name in one.endpoints]
        members = Safe(f"[{_wrapped(joined(parts))}]")
    more = len(one.hosts) - _MOST_NAMED
    hosts = ", ".join(one.hosts[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    count = f"{len(one.hosts)} {'host' if len(one.hosts) == 1 else 'hosts'}"
    return _Segment(Safe("#" if one.asleep else ""), word(one.name), members, wider, _labels(one.labels),
                    one.shares is not None, remark(f"{count}: {hosts}"), tuple(map(remark, one.doubts)))  # fmt: skip


def _wrapped(listed: Safe) -> Safe:
    """A long list over several lines; none of its parts has a blank in it."""
    lines = textwrap.wrap(listed, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return Safe("\n      ".join(lines)) if len(listed) > _WIDTH else listed


def _label(key: str, said: str) -> Safe:
    return Safe(f"{{labels: {{{word(key)}: {value(said)}}}}}")


def _labels(labels: dict[str, str]) -> Safe | None:
    if not labels:
        return None
    return Safe(f"{{{joined(Safe(f'{word(key)}: {value(said)}') for key, said in labels.items())}}}")


def _endpoint(entry: Entry, doubts: tuple[str, ...]) -> _Endpoint:
    addresses = joined(place(show_address(address)) for address in entry.addresses)
    aliases = remark(", ".join(entry.aliases)) if entry.aliases else None
    return _Endpoint(word(entry.name), addresses, _labels(entry.labels), aliases, tuple(map(remark, doubts)))


def _leg(leg: Leg) -> tuple[Safe, Safe, Safe | None]:
    addresses = joined(place(text) for text in leg.addresses) if leg.addresses else None
    return Safe(leg.name), joined(map(word, leg.segments)), addresses


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("segctl", "templates/site"),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=_only_safe,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.clear()
    environment.globals.clear()
    return environment


def _only_safe(value: object) -> object:
    if isinstance(value, Safe) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise UnsafeText(f"{type(value).__name__} in a site's template")


def render(template: str, **values: object) -> str:
    """A template of templates/site; UnsafeText for a value that nobody quoted."""
    return _environment().get_template(template).render(**values)
