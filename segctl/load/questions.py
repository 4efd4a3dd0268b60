"""Selectors, services and times from the command line, read as a site's are; their place is `<argument>`."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from segctl.load.context import ENDPOINT, POINT, SEGMENT, Context, Names
from segctl.load.events import parse
from segctl.load.findings import Findings
from segctl.load.record import listed, scalar
from segctl.load.scalars import read_time
from segctl.load.selectors import read_selectors
from segctl.load.services import ServiceBook
from segctl.load.text import decode
from segctl.load.values import Scalar, Value
from segctl.model.diagnostic import SiteError
from segctl.model.selector import Selectors
from segctl.model.service import Service
from segctl.model.site import Site

ARGUMENT = "<argument>"
T = TypeVar("T")


def parse_selector(text: str, site: Site) -> Selectors:
    """A name, CIDR, address or range, or YAML: `{labels: {tier: web}}`, `[web1, db]`. `SiteError` if it is none."""
    return _ask(text, _selectors, site)


def parse_service(text: str, site: Site) -> Service:
    """A service of the site or the catalogue, a literal, or `all`. `SiteError` if it is none."""
    return _ask(text, lambda value, context: context.services.one(value), site)


def parse_time(text: str) -> datetime:
    """RFC 3339 with its zone, in UTC. `SiteError` if it is no time."""
    findings = Findings()
    found = scalar(_argument(text), read_time, findings)
    if found is None:
        raise SiteError(findings.sorted())
    return found


def _selectors(value: Value, context: Context) -> Selectors:
    items = listed(value, context.findings)
    if not items and not context.findings.failed():
        context.findings.add(value.span, "no-value", "nobody is named")
    return read_selectors(items, context, special=True)


def _ask(text: str, read: Callable[[Value, Context], T | None], site: Site) -> T:
    """Readers answer None only with a finding."""
    findings = Findings()
    value = _value(text, findings)
    found = None if value is None else read(value, context_of(site, findings))
    if found is None or findings.failed():
        raise SiteError(findings.sorted())
    return found


def _argument(text: str) -> Scalar:
    return Scalar(text, ARGUMENT, 1, 1, plain=False)


def _value(text: str, findings: Findings) -> Value | None:
    """YAML only where it begins as a list or mapping: a bare `fd00::` would be the mapping {'fd00:': nothing}."""
    clean = decode(text.encode("utf-8", "surrogatepass"), ARGUMENT, findings)
    if clean is None:
        return None
    return parse(clean, ARGUMENT, findings) if clean.lstrip().startswith(("{", "[")) else _argument(clean.strip())


def context_of(site: Site, findings: Findings) -> Context:
    """What a reader knows of a site that is loaded."""
    names = Names()
    for kind, parts in ((SEGMENT, site.segments), (ENDPOINT, site.endpoints), (POINT, site.points)):
        for name, part in parts.items():
            names.kinds[name] = kind
            names.spans[name] = part.span
    services = ServiceBook(findings)
    for service in site.services.values():
        services.adopt(service)
    return Context(findings, names, services, dict(site.profiles))
