"""Flows, guardrails, management and expectations: who, to whom, over what, and the names of those that have none."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from segctl.load.context import Context
from segctl.load.fields import EXPECTATION, FLOW, GUARDRAIL, MANAGEMENT
from segctl.load.naming import Parts, made_name
from segctl.load.record import Record, record
from segctl.load.selectors import read_selectors
from segctl.load.services import ALL
from segctl.load.values import Scalar, Seq, Value
from segctl.load.waivers import read_waivers
from segctl.model.diagnostic import Note
from segctl.model.flow import Expectation, Expected, Flow, Guardrail, Management, Services
from segctl.model.selector import Block, Named, Selector, Selectors
from segctl.model.service import ALL_TRAFFIC, Service
from segctl.model.span import Span

T = TypeVar("T", Flow, Guardrail, Management)


def read_flows(values: Iterable[Value], context: Context) -> tuple[Flow, ...]:
    """All flows, each under a name of its own."""
    return _unique(values, _flow, "flow", _flow_meaning, context)


def read_guardrails(values: Iterable[Value], context: Context) -> tuple[Guardrail, ...]:
    """All guardrails, each under a name of its own."""
    return _unique(values, _guardrail, "guardrail", _guardrail_meaning, context)


def read_management(values: Iterable[Value], context: Context) -> tuple[Management, ...]:
    """All entries of `management`."""
    return _unique(values, _management, "management entry", _management_meaning, context)


def read_expectations(values: Iterable[Value], context: Context) -> tuple[Expectation, ...]:
    """All of the site's own tests."""
    found = (_expectation(value, context) for value in values)
    return tuple(one for one in found if one is not None)


def _flow(value: Value, context: Context) -> Flow | None:
    found = record(value, FLOW, context.findings)
    if found is None:
        return None
    source, destination, services = _ends(found, context)
    since, until = found.time("since"), found.time("until")
    if since is not None and until is not None and until <= since:
        ends = found.map.entries["until"][1]
        note = Note(found.map.entries["since"][1].span, "it begins here")
        context.findings.add(ends.span, "impossible", "the flow ends before it begins", "move `until` or `since`", note)
    name = found.name("name")
    return Flow(
        name or made_name(Parts(source, destination, services, since, until)),
        found.span,
        source,
        destination,
        services,
        read_selectors(found.items("except"), context),
        read_selectors(found.items("not_to"), context),
        found.text("why"),
        found.text("owner"),
        found.text("ticket"),
        found.date("review_by"),
        since,
        until,
        found.flag("remediation"),
        found.flag("may_be_empty"),
        read_waivers(found, context.findings),
        named=found.value("name") is not None,
    )


def _guardrail(value: Value, context: Context) -> Guardrail | None:
    found = record(value, GUARDRAIL, context.findings)
    if found is None:
        return None
    source, destination, services = _ends(found, context)
    if found.value("services") is None:
        services = (Service(ALL, ALL_TRAFFIC, found.span),)
    return Guardrail(
        found.name("name") or made_name(Parts(source, destination, services)),
        found.span,
        source,
        destination,
        services,
        found.text("why"),
        found.text("owner"),
        found.text("ticket"),
        found.flag("may_be_empty"),
        read_waivers(found, context.findings),
        named=found.value("name") is not None,
    )


def _management(value: Value, context: Context) -> Management | None:
    found = record(value, MANAGEMENT, context.findings)
    if found is None:
        return None
    source = _end("from", found, context)
    services = context.services.many(found.items("services"))
    _demand_services(found, context)
    return Management(made_name(Parts(source, (), services)), found.span, source, services)


def _expectation(value: Value, context: Context) -> Expectation | None:
    found = record(value, EXPECTATION, context.findings)
    if found is None:
        return None
    word = found.choice("is")
    services = context.services.many(found.items("services"))
    entry = found.map.entries.get("services")
    if word == Expected.UNREACHABLE and entry is not None:
        context.findings.add(
            entry[0].span,
            "wrong-kind",
            "`unreachable` is over any service",
            "leave `services` out, or say `is: denied`",
        )
    elif word is not None and word != Expected.UNREACHABLE and entry is None:
        context.findings.add(
            found.span, "missing-key", "an expectation without 'services'", "say over what, or `is: unreachable`"
        )
    elif entry is not None:
        _demand_services(found, context)
    source, destination = (_end(key, found, context, special=True) for key in ("from", "to"))
    return Expectation(found.span, source, destination, services, Expected(word or "denied"), found.time("at"))


def _ends(found: Record, context: Context) -> tuple[Selectors, Selectors, Services]:
    """`from`, `to` and `services`, which flows and guardrails have alike."""
    source, destination = _end("from", found, context), _end("to", found, context)
    services = context.services.many(found.items("services"))
    if not services:
        _demand_services(found, context)
    return source, destination, services


def _end(key: str, found: Record, context: Context, *, special: bool = False) -> Selectors:
    """Whom one end names; an empty list is no end."""
    value = found.value(key)
    if isinstance(value, Seq) and not value.items:
        context.findings.add(value.span, "no-value", f"{found.table.called} whose '{key}' names nobody")
    return read_selectors(found.items(key), context, special=special)


def _demand_services(found: Record, context: Context) -> None:
    """An empty list is no service at all: such a statement can match no packet."""
    entry = found.map.entries.get("services")
    if entry is None or isinstance(entry[1], Scalar) or found.items("services"):
        return
    context.findings.add(
        entry[1].span, "impossible", f"{found.table.called} over no service", "name its services, or `all`"
    )


def _unique(
    values: Iterable[Value],
    read: Callable[[Value, Context], T | None],
    called: str,
    meaning: Callable[[T], T],
    context: Context,
) -> tuple[T, ...]:
    """Two of one name are an error; unnamed ones that are equal in all are lint, and one."""
    seen: dict[str, T] = {}
    for value in values:
        before = len(context.findings)
        one = read(value, context)
        if one is None or (not _named(one) and len(context.findings) > before):
            continue  # what is wrong was left out of it, and so of the name that was made
        first = seen.setdefault(one.name, one)
        if first is not one:
            _twice(first, one, called, meaning(first) == meaning(one), context)
    return tuple(seen.values())


def _twice(first: T, one: T, called: str, equal: bool, context: Context) -> None:
    note = Note(first.span, "it stands here already")
    if _named(one) or _named(first):
        what, help = f"a {called} '{one.name}' stands here a second time", "give one of them another `name`"
    elif equal:
        context.findings.add(one.span, "equal-statements", f"this {called} stands in the site already", "", note)
        return
    else:
        what = f"two {called}s without a name for the same from, to, services, since and until"
        help = "make them one, or give one a `name`"
    context.findings.add(one.span, "duplicate-name", what, help, note)


def _named(one: Flow | Guardrail | Management) -> bool:
    return not isinstance(one, Management) and one.named


NOWHERE = Span("", 0, 0)


def _flow_meaning(flow: Flow) -> Flow:
    """The flow without its places and its order."""
    return replace(
        flow,
        span=NOWHERE,
        source=_who(flow.source),
        destination=_who(flow.destination),
        source_except=_who(flow.source_except),
        destination_except=_who(flow.destination_except),
        services=_what(flow.services),
        waive=tuple(replace(waiver, span=NOWHERE) for waiver in flow.waive),
    )


def _guardrail_meaning(one: Guardrail) -> Guardrail:
    return replace(
        one,
        span=NOWHERE,
        source=_who(one.source),
        destination=_who(one.destination),
        services=_what(one.services),
        waive=tuple(replace(waiver, span=NOWHERE) for waiver in one.waive),
    )


def _management_meaning(one: Management) -> Management:
    return replace(one, span=NOWHERE, source=_who(one.source), services=_what(one.services))


def _who(selectors: Selectors) -> Selectors:
    return tuple(sorted({_placeless(selector) for selector in selectors}, key=str))


def _placeless(selector: Selector) -> Selector:
    return selector._replace(span=NOWHERE) if isinstance(selector, Block | Named) else replace(selector, span=NOWHERE)


def _what(services: Services) -> Services:
    return tuple(sorted({replace(service, span=NOWHERE) for service in services}, key=str))
