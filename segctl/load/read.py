"""A folder to a `Site`: every file, then every name, then everything that names something."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from segctl.load.catalogue import catalogue_profiles
from segctl.load.context import POINT, SEGMENT, Context, Names
from segctl.load.endpoints import read_endpoints
from segctl.load.files import SiteFolder, open_folder
from segctl.load.findings import Findings, Wrong
from segctl.load.flows import read_expectations, read_flows, read_guardrails, read_management
from segctl.load.include import read_files
from segctl.load.points import read_points
from segctl.load.profiles import read_profiles
from segctl.load.record import Record, scalar
from segctl.load.scalars import read_name
from segctl.load.segments import read_defaults, read_segments
from segctl.load.services import ServiceBook
from segctl.load.stamp import Stamp, stamp_of
from segctl.load.values import Scalar, Value, shorten
from segctl.model.diagnostic import Diagnostic, Note, SiteError
from segctl.model.selector import BUILT_IN
from segctl.model.site import Site
from segctl.model.span import Span

VERSION = "1"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A site, or None if a finding is an error; the findings stand in the order of their places.

    `stamp` tells later whether the same would be read again.
    """

    site: Site | None
    findings: tuple[Diagnostic, ...]
    stamp: Stamp


def load_site(path: Path, *, trusted: bool = True) -> Loaded:
    """Read a site's folder, or its main file. Never raises for what a site says.

    `trusted`: the user named this site. Otherwise, as root, no file is read that somebody else may have written.
    """
    findings = Findings()
    folder, main = open_folder(path, trusted)
    with _no_garbage():
        site = _site(read_files(folder, main, findings), folder, findings)
    return Loaded(None if findings.failed() else site, findings.sorted(), stamp_of(folder, main))


def read_site(path: Path, *, trusted: bool = True) -> Site:
    """The site; `SiteError` with every finding if there is an error among them."""
    loaded = load_site(path, trusted=trusted)
    if loaded.site is None:
        raise SiteError(loaded.findings)
    return loaded.site


@contextmanager
def _no_garbage() -> Iterator[None]:
    """A load makes many small lasting objects and no rings: the collector would only walk them, again and again.

    Then they are made old without a walk (freezing and thawing moves lists, not objects): else the next allocation
    would begin one over all of them, a tenth of a large load's time.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def _site(files: list[Record], folder: SiteFolder, findings: Findings) -> Site | None:
    """All parts, in the order in which they need each other. None if not even the main file could be read."""
    if not files:
        return None
    top = files[0].span
    context = Context(findings, Names(), ServiceBook(findings), folder=folder)
    name = _head(files, findings)
    context.profiles = read_profiles(_pairs(files, "strictness"), catalogue_profiles(), findings)
    endpoints = read_endpoints(_pairs(files, "endpoints"), context)
    segments = _declared(_pairs(files, "segments"), SEGMENT, context)
    points = _declared(_pairs(files, "points"), POINT, context)
    for key, value in _pairs(files, "services"):
        context.services.define(key, value)
    own_services = context.services.finish()
    defaults = read_defaults([one.map.entries["defaults"] for one in files if "defaults" in one.map.entries], context)
    return Site(
        name or "unnamed",
        top,
        context.profiles,
        read_segments(segments, defaults, top, context),
        endpoints,
        flows=read_flows(_items(files, "flows"), context),
        guardrails=read_guardrails(_items(files, "guardrails"), context),
        expectations=read_expectations(_items(files, "expect"), context),
        management=read_management(_items(files, "management"), context),
        points=read_points(points, context),
        default_mode=defaults.mode,
        services=own_services | context.services.used(),  # last: by now every name has been met
    )


def _pairs(files: list[Record], key: str) -> Iterator[tuple[Scalar, Value]]:
    """The entries of a mapping, of all files."""
    return chain.from_iterable(one.pairs(key) for one in files)


def _items(files: list[Record], key: str) -> Iterator[Value]:
    """The items of a list, of all files."""
    return chain.from_iterable(one.items(key) for one in files)


def _declared(pairs: Iterator[tuple[Scalar, Value]], kind: str, context: Context) -> dict[str, tuple[Scalar, Value]]:
    """Segments or points by name, once their names are taken; built-in segments are said in one file only."""
    out: dict[str, tuple[Scalar, Value]] = {}
    for key, value in pairs:
        if kind == SEGMENT and key.text in BUILT_IN:
            first = out.setdefault(key.text, (key, value))
            if first[0] is not key:
                note = Note(first[0].span, "it stands here already")
                context.findings.add(key.span, "one-file-only", f"`{key.text}` is said in one file only", "", note)
        elif scalar(key, read_name, context.findings) and context.names.declare(key, kind, context.findings):
            out[key.text] = (key, value)
    return out


def _head(files: list[Record], findings: Findings) -> str | None:
    """`version` and `site`: required in the main file, equal wherever else they stand."""
    first: tuple[str, Span] | None = None
    for one in files:
        version = one.value("version")
        if version is not None:
            plain = isinstance(version, Scalar) and version.plain
            scalar(version, partial(_version, plain=plain), findings)
        name, value = one.name("site"), one.value("site")
        if name is None or value is None:
            continue
        if first is None:
            first = (name, value.span)
        elif name != first[0]:
            note = Note(first[1], f"there it is '{first[0]}'")
            findings.add(value.span, "other-site", f"this file is of the site '{name}'", "", note)
    return first[0] if first else None


def _version(text: str, plain: bool) -> str:
    if text == VERSION and plain:
        return text
    raise Wrong("version", f"'{shorten(text)}' is no version that we know", "write `version: 1`, without quotes")
