"""Services: literals, the site's own names and groups of them, and the catalogue's."""

from collections.abc import Callable
from dataclasses import dataclass

from segctl.load.catalogue import Catalogue, catalogue
from segctl.load.findings import Findings, Wrong
from segctl.load.letters import strange
from segctl.load.literals import read_literal
from segctl.load.record import listed, scalar
from segctl.load.scalars import read_name, read_text
from segctl.load.values import Broken, Scalar, Value, shorten
from segctl.model.diagnostic import Note
from segctl.model.ranges import NOTHING, Ranges
from segctl.model.service import ALL_TRAFFIC, WITH_PORTS, Service

ALL = "all"
_DECLARE = "declare it under `services`, or write a literal, as tcp/443"


@dataclass(slots=True)
class _Own:
    """A service of the site: as written, and its traffic once that is known."""

    key: Scalar
    value: Value
    traffic: Ranges | None = None
    made_of: tuple[str, ...] = ()
    busy: bool = False  # its groups are being followed: meeting it again is a cycle


class ServiceBook:
    """Answers what a SERVICE means; remembers each, since a site names the same few thousands of times."""

    def __init__(self, findings: Findings, load: Callable[[], Catalogue] = catalogue) -> None:
        self._findings = findings
        self._load = load
        self._own: dict[str, _Own] = {}
        self._known: dict[str, Ranges] = {ALL: ALL_TRAFFIC}
        self._used: dict[str, Service] = {}  # of the catalogue

    def define(self, key: Scalar, value: Value) -> None:
        """One entry of `services`."""
        if scalar(key, read_name, self._findings) is None:
            return
        if key.text == ALL:
            self._findings.add(key.span, "reserved", "'all' is a word of the language", "choose another name")
            return
        first = self._own.get(key.text)
        if first is not None:
            note = Note(first.key.span, "it stands here already")
            self._findings.add(
                key.span, "duplicate-name", f"'{key.text}' is a service already", "choose another name", note
            )
            return
        self._own[key.text] = _Own(key, value)
        ours = self._load().services.get(key.text)
        if ours is not None:
            note = Note(ours.span, f"there it is {', '.join(ours.literals)}")
            self._findings.add(
                key.span, "service-override", f"'{key.text}' is a service of the catalogue, too", "", note
            )

    def adopt(self, service: Service) -> None:
        """A service that is known already (questions about a loaded site)."""
        self._known[service.name] = service.traffic

    def finish(self) -> dict[str, Service]:
        """All the site's own services, each followed to its literals."""
        for own in self._own.values():
            self._follow(own)
        return {
            name: Service(name, own.traffic or NOTHING, own.key.span, own.made_of) for name, own in self._own.items()
        }

    def used(self) -> dict[str, Service]:
        """Those of the catalogue that were named so far."""
        return dict(self._used)

    def one(self, value: Value) -> Service | None:
        """One SERVICE, with the place where it is named."""
        if isinstance(value, Scalar):
            known = self._known.get(value.text)
            if known is not None:
                return Service(value.text, known, value.span)
        text = scalar(value, read_text, self._findings)
        if text is None:
            return None
        try:
            traffic = self._traffic(text, value)
        except Wrong as wrong:
            self._findings.wrong(value.span, wrong)
            return None
        return None if traffic is None else Service(text, traffic, value.span)

    def many(self, values: tuple[Value, ...]) -> tuple[Service, ...]:
        """A list of them, without those that are wrong."""
        out: list[Service] = []
        for value in values:
            service = self.one(value)
            if service is not None:
                out.append(service)
        return tuple(out)

    def _traffic(self, text: str, value: Value) -> Ranges | None:
        if "/" in text:
            found = read_literal(text, self._load().icmp_types)
        elif text in self._own:
            return self._follow(self._own[text], value)
        else:
            entry = self._load().services.get(text)
            if entry is None:
                if not self._findings.complete:
                    return None
                raise self._unknown(text)
            found = entry.traffic()
            self._used[text] = Service(text, found, entry.span)
        self._known[text] = found
        return found

    def _follow(self, own: _Own, wanted: Value | None = None) -> Ranges | None:
        """The traffic of a group; depth is bounded by the number of groups, so it is walked with a stack of our own."""
        if own.traffic is not None:
            return own.traffic
        stack: list[tuple[_Own, list[Value]]] = []
        self._enter(own, stack)
        while stack:
            group, rest = stack[-1]
            if not rest:
                stack.pop()
                group.busy = False
                self._known[group.key.text] = group.traffic or NOTHING
                if stack:
                    self._add(stack[-1][0], group.traffic or NOTHING)
                continue
            self._member(rest.pop(0), group, stack)
        return own.traffic

    def _enter(self, own: _Own, stack: list[tuple[_Own, list[Value]]]) -> None:
        own.busy, own.traffic = True, NOTHING
        values = listed(own.value, self._findings)
        if not values and not isinstance(own.value, Broken):
            self._findings.add(
                own.key.span, "impossible", f"the service '{own.key.text}' is empty", "name what it is, as [tcp/443]"
            )
        own.made_of = tuple(value.text for value in values if isinstance(value, Scalar))
        stack.append((own, list(values)))

    def _member(self, value: Value, group: _Own, stack: list[tuple[_Own, list[Value]]]) -> None:
        inner = self._own.get(value.text) if isinstance(value, Scalar) else None
        if inner is None:
            service = self.one(value)
            if service is not None:
                self._add(group, service.traffic)
        elif inner.busy:
            names = [one.key.text for one, _ in stack]
            ring = [*names[names.index(inner.key.text) :], inner.key.text]
            self._findings.add(value.span, "cycle", f"services in a ring: {' → '.join(ring)}",
                               "take one of them out of the other", Note(inner.key.span, "it begins here"))  # fmt: skip
        elif inner.traffic is not None:
            self._add(group, inner.traffic)
        else:
            self._enter(inner, stack)

    @staticmethod
    def _add(group: _Own, traffic: Ranges) -> None:
        group.traffic = traffic if group.traffic is None else group.traffic | traffic

    def _unknown(self, text: str) -> Wrong:
        known = [*self._own, *self._load().services, ALL]
        odd = strange(text)
        what = f"there is no service '{shorten(text)}'" + (f": {odd}" if odd else "")
        return Wrong("unknown-service", what, _as_literal(text) or self._findings.meant(text, known, _DECLARE))


def _as_literal(text: str) -> str | None:
    """The help for what is nearly a literal, or another tool's word for `all`."""
    word = text.casefold()
    if word in ("any", "*", "everything", "ip"):
        return f"did you mean '{ALL}'?"
    if word in WITH_PORTS.values():
        return f"write '{word}/any' for every port of it, or '{word}/PORT'"
    if text.isascii() and text.isdigit():
        return f"a port needs its protocol: 'tcp/{shorten(text)}' or 'udp/{shorten(text)}'"
    return "write 'icmp/any', or 'icmp/TYPE'" if word == "icmp" else None
