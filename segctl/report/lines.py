"""A flow or a guardrail as the line of YAML that says it, ready to paste."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from segctl.model.flow import Flow, Guardrail, Services
from segctl.model.segment import Waivers
from segctl.model.selector import Block, Labelled, Labels, Named, SegmentsLabelled, Selector, Selectors, Within

_WORDS = ("null", "true", "false")  # which YAML takes for something else
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*\Z|[0-9][0-9./-]*\Z")  # what YAML reads as itself, in a list too


def statement_line(said: Flow | Guardrail) -> str:
    """`- {name: …, from: …, to: …}`: what loads to an equal statement; a name that was made is left out."""
    return f"- {{{', '.join(f'{key}: {value}' for key, value in _keys(said))}}}"


def _keys(said: Flow | Guardrail) -> Iterator[tuple[str, str]]:
    if said.named:
        yield "name", _text(said.name)
    yield "from", _selectors(said.source)
    yield "to", _selectors(said.destination)
    if isinstance(said, Flow) and said.source_except:
        yield "except", _selectors(said.source_except)
    if isinstance(said, Flow) and said.destination_except:
        yield "not_to", _selectors(said.destination_except)
    if said.services:
        yield "services", _services(said.services)
    for key in ("why", "owner", "ticket"):
        if text := getattr(said, key):
            yield key, json.dumps(text, ensure_ascii=False)
    if isinstance(said, Flow):
        yield from _times(said)
    if said.may_be_empty:
        yield "may_be_empty", "true"
    if said.waive:
        yield "waive", _waivers(said.waive)


def _times(flow: Flow) -> Iterator[tuple[str, str]]:
    if flow.review_by:
        yield "review_by", flow.review_by.isoformat()
    for key, time in (("since", flow.since), ("until", flow.until)):
        if time:
            yield key, _time(time)
    if flow.remediation:
        yield "remediation", "true"


def _time(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _waivers(waivers: Waivers) -> str:
    def one(why: str, until: str | None) -> str:
        return f"{{why: {_text(why)}, until: {until}}}" if until else _text(why)

    return _mapping((w.code, one(w.why, w.until.isoformat() if w.until else None)) for w in waivers)


def _services(services: Services) -> str:
    return f"[{', '.join(_text(service.name) for service in services)}]"


def _selectors(selectors: Selectors) -> str:
    """One as itself, several as a list."""
    shown = [_selector(selector) for selector in selectors]
    return shown[0] if len(shown) == 1 else f"[{', '.join(shown)}]"


def _selector(selector: Selector) -> str:
    match selector:
        case Named():
            return _text(selector.name)
        case Block():
            return _text(selector.text)
        case Within():
            return f"{{within: {_text(selector.segment)}}}"
        case Labelled():
            return f"{{labels: {_labels(selector.labels)}}}"
        case SegmentsLabelled():
            return f"{{segments: {{labels: {_labels(selector.labels)}}}}}"


def _labels(labels: Labels) -> str:
    def values(words: tuple[str, ...]) -> str:
        return _text(words[0]) if len(words) == 1 else f"[{', '.join(map(_text, words))}]"

    return _mapping((key, values(words)) for key, words in labels)


def _mapping(pairs: Iterable[tuple[str, str]]) -> str:
    return f"{{{', '.join(f'{_text(key)}: {value}' for key, value in pairs)}}}"


def _text(text: str) -> str:
    """As it is where YAML can only read it so; JSON's quotes are YAML's otherwise."""
    plain = _PLAIN.match(text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)
