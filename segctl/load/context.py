"""What every reader of one load shares: findings, names, services, profiles, the folder."""

from dataclasses import dataclass, field

from segctl.load.files import SiteFolder
from segctl.load.findings import Findings
from segctl.load.services import ServiceBook
from segctl.load.values import Scalar, shorten
from segctl.model.diagnostic import Note
from segctl.model.selector import ANY, POINTS, QUARANTINE, WORLD
from segctl.model.span import Span
from segctl.model.strictness import Profile

SEGMENT, ENDPOINT, POINT = "segment", "endpoint", "point"
NO_INTERFACE = {  # what no gateway's interface can be called, and why
    "lo": "it is every machine's loopback, and nobody lives behind it",
    "all": "the kernel keeps that word for settings",  # linux/inetdevice.h, sysctl_dev_name_is_allowed
    "default": "the kernel keeps that word for settings",
}
_OTHERS_WORDS = {  # what other tools and tongues call what we have a word for
    **dict.fromkeys(("all", "everyone", "everything", "everywhere", "*"), ANY),
    **dict.fromkeys(("internet", "outside", "external", "wan", "public"), WORLD),
    **dict.fromkeys(("self", "gateway", "gateways", "firewall", "router", "localhost"), POINTS),
}
RESERVED = frozenset({WORLD, POINTS, QUARANTINE, ANY, "from", "to", "all", "none", "self"})


@dataclass(slots=True)
class Names:
    """The one name space of endpoints, segments and points: what each name is, and where it was said."""

    kinds: dict[str, str] = field(default_factory=lambda: dict.fromkeys((WORLD, POINTS, QUARANTINE), SEGMENT))
    spans: dict[str, Span] = field(default_factory=dict)

    def declare(self, key: Scalar, kind: str, findings: Findings) -> bool:
        """Take a name; False with a finding if it is reserved or taken."""
        name = key.text
        if name in RESERVED:
            findings.add(key.span, "reserved", f"'{name}' is a word of the language", "choose another name")
            return False
        first = self.spans.get(name)
        if first is not None:
            taken = self.kinds[name]
            note = Note(first, f"the {taken} '{name}'")
            findings.add(key.span, "duplicate-name", f"'{name}' is {_a(taken)} already", "", note)
            return False
        self.kinds[name] = kind
        self.spans[name] = key.span
        return True

    def of_kind(self, kind: str) -> list[str]:
        """All names of one kind."""
        return [name for name, other in self.kinds.items() if other == kind]


@dataclass(slots=True)
class Context:
    """Shared by the readers of one load (or of one question on the command line)."""

    findings: Findings
    names: Names
    services: ServiceBook
    profiles: dict[str, Profile] = field(default_factory=dict)
    folder: SiteFolder | None = None

    def unknown_name(self, span: Span, name: str, wanted: str, *kinds: str) -> None:
        """A name that is none of these kinds (any, if none is given): an error, unless a file is missing."""
        kind = self.names.kinds.get(name)
        if kind is not None:
            nested = "; a segment lies in another by `within`" if kind == SEGMENT and wanted == ENDPOINT else ""
            help = f"{_a(wanted)} belongs here{nested}"
            note = (Note(self.names.spans[name], f"the {kind} '{name}'"),) if name in self.names.spans else ()
            self.findings.add(span, "unknown-name", f"'{name}' is {_a(kind)}, no {wanted}", help, *note)
        elif self.findings.complete:
            everyone = self.names.kinds.items() if self.findings.patient() else ()
            known = [other for other, its in everyone if not kinds or its in kinds]
            ours = None if kinds else _OTHERS_WORDS.get(name.casefold())
            otherwise = f"declare it, or name {_a(wanted)} that there is"
            if "." in name:
                otherwise = "host names are not looked up: declare an endpoint with its addresses"
            help = f"did you mean '{ours}'?" if ours else self.findings.meant(name, known, otherwise)
            self.findings.add(span, "unknown-name", f"there is no {wanted} '{shorten(name)}'", help)


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
