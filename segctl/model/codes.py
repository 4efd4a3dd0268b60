"""Every error, warning and lint finding: one row each. `waive` names these, docs/errors.md explains them."""

from dataclasses import dataclass

from segctl.model.diagnostic import Level


@dataclass(frozen=True, slots=True)
class Code:
    """A stable code with its level, a title and what to do; docs/errors.md says why, with examples.

    of_check: only `check` looks for it, not every command that reads a site.
    """

    name: str
    level: Level
    title: str
    help: str
    waivable: bool = False
    of_check: bool = False


def _error(name: str, title: str, help: str) -> Code:
    return Code(name, Level.ERROR, title, help)


def _warning(name: str, title: str, help: str) -> Code:
    return Code(name, Level.WARNING, title, help, waivable=True)


def _lint(name: str, title: str, help: str) -> Code:
    return Code(name, Level.LINT, title, help, waivable=True)


def _of_check(name: str, title: str, help: str, level: Level = Level.LINT, *, waivable: bool = True) -> Code:
    return Code(name, level, title, help, waivable, of_check=True)


def _audit(name: str, level: Level, title: str, help: str) -> Code:
    return Code(name, level, title, help)


_ROWS: tuple[Code, ...] = (
    # policy: what a site that reads well may still mean wrongly
    _error(
        "overlap", "Two segments claim one address", "let one lie `within` the other, or take the address out of one"
    ),
    _error(
        "within-uncovered",
        "A segment lies within another that does not hold all its members",
        "widen the outer segment's members",
    ),
    _error("empty", "A segment or selector without an address", "name an address, or say `may_be_empty: true`"),
    _error(
        "emptied",
        "An outer segment is named alone, but all its addresses went to those within it",
        "say {within: NAME}, or name the inner segments",
    ),
    _error(
        "impossible", "A statement can match no packet", "give both ends an address of one family and a service of it"
    ),
    _error("forbidden", "A flow that guardrails forbid wholly", "take the flow out, or narrow the guardrail"),
    _error(
        "guarded-management",
        "A guardrail that would take management away",
        "a guardrail has no effect between management sources and points: take these out of it",
    ),
    _error(
        "management-nowhere",
        "Management from a segment that no gateway's interface lists",
        "list the segment on an interface, or name another source",
    ),
    _error(
        "wide-flow",
        "`any`, `world` or a block of the world at the other end of a segment that forbids it",
        "name the segments that need it, or waive `wide` on the flow with a reason",
    ),
    _error("why-missing", "A flow without a reason touches a segment whose profile demands one", "add `why:`"),
    _error(
        "classification-above",
        "Data classified above what the segment's profile may hold",
        "choose a stricter profile, or waive `classification` with a reason",
    ),
    _error(
        "classification-flow",
        "A flow joins restricted data with the world or a less strict segment",
        "go through a segment at least as strict as `strict`, or waive `classification` with a reason",
    ),
    _warning("classification-world", "A flow joins confidential data with the world", "go through another segment"),
    _warning(
        "wide", "`any`, `world` or a block of the world at the other end of a flow", "name the segments that need it"
    ),
    _warning("overlap-members", "Members of one segment overlap", "they are merged; take one out"),
    _warning("looser-within", "A segment is less strict than the one it lies within", "choose a stricter profile"),
    _warning(
        "uncovered",
        "A deny between segments that no point stands between",
        "put a gateway's interface or a host point between them, or waive `uncovered`",
    ),
    _warning(
        "misplaced",
        "An interface's own network belongs to a segment that it does not list",
        "look whether addresses are swapped; a network in between may be waived on the interface",
    ),
    _warning("unbound", "A segment on no interface of any gateway: its packets die at each", "list it on an interface"),
    _warning("no-points", "A site without points: nothing enforces it", "describe the gateways under `points`"),
    _warning("expired", "A flow is past its end", "take it out, or move `until`"),
    _warning("not-yet", "A flow has not begun", "it will, at its `since`"),
    _warning(
        "partly-forbidden", "A guardrail forbids part of a flow", "the guardrail wins: narrow the flow to what is left"
    ),
    # load: what a site's files get wrong as they are read; the place is the value's own
    _error("not-found", "No site here", "go to a site's folder, or name it with `--site DIR`"),
    _error(
        "unreadable",
        "A file that can't be read",
        "it must be a regular file that we may read",
    ),
    _error("too-big", "A file bigger than any site", "long member lists belong into side files, several of them"),
    _error(
        "unsafe-file",
        "As root: a file that somebody else may write",
        "chown it to root and take the others' right to write away, or name the site with `--site`",
    ),
    _error(
        "outside",
        "A path that leads out of the site's folder",
        "keep what belongs to a site in its folder",
    ),
    _error("include", "An include without a file", "name files that there are, as `parts/*.yaml`"),
    _error("encoding", "A file that is not UTF-8", "save it as UTF-8"),
    _error(
        "character", "A hidden character", "take it out: control and direction characters make a line look like another"
    ),
    _error("yaml", "Broken YAML", "see what stands at, or just before, this place"),
    _error("tab", "A tab in the indentation", "indent with blanks"),
    _error("too-deep", "Nested deeper than the language goes", "a site needs eight levels"),
    _error("duplicate-key", "One key twice in a mapping", "take one out"),
    _error("anchor", "An anchor or alias", "write it out where it is needed"),
    _error("tag", "A tag", "leave it out: every key has its type"),
    _error(
        "documents",
        "More than one YAML document in a file",
        "use one file for each, and `include`",
    ),
    _error(
        "key-type",
        "A key that is a list or a mapping",
        "a key is a word; is this a `{{ variable }}` that was not filled in?",
    ),
    _error("unknown-key", "A key that the language doesn't have", "see the language page"),
    _error("missing-key", "A key that is required", "add it"),
    _error("wrong-type", "A value of the wrong shape", "see the language page for its type"),
    _error(
        "no-value",
        "A key without a value, or an empty list that says nothing",
        "give it a value, or leave the key out",
    ),
    _error("choice", "A word that isn't one of those allowed here", "use one of those"),
    _error("version", "A version of the language that we don't know", "write `version: 1`"),
    _error("other-site", "An included file of another site", "the files of one site say one name"),
    _error("one-file-only", "Said in two files", "bring the two together"),
    _error("name", "No name", "a letter, then letters, digits, _ . - (ASCII, at most 63)"),
    _error("reserved", "A word of the language as a name", "choose another name"),
    _error(
        "duplicate-name",
        "One name twice",
        "endpoints, segments and points share one name space: choose another name",
    ),
    _error("unknown-name", "A name that nothing has, or of the wrong kind", "declare it, or name what there is"),
    _error(
        "unknown-profile",
        "No strictness profile of that name",
        "name one that there is, or declare it under `strictness`",
    ),
    _error(
        "unknown-service",
        "No service of that name",
        "declare it under `services`, or write a literal, as tcp/443",
    ),
    _error(
        "text",
        "No text of one line",
        "one line of at most 500 characters, none of them hidden (`>-` folds lines)",
    ),
    _error("time", "No time", "RFC 3339 with its zone, as 2027-01-31T18:00:00Z"),
    _error("date", "No date", "a day is YYYY-MM-DD, as 2027-01-31"),
    _error("count", "No whole number", "a whole number from 1 on, in decimal, without quotes, as 40"),
    _error(
        "address",
        "No address",
        "an IPv4 or IPv6 address, as 10.0.0.1 or fd00::1; a network as 10.0.0.0/24",
    ),
    _error("host-bits", "A network with host bits set", "write the network's own address"),
    _error(
        "prefix-zero",
        "/0: every address",
        "say `any` or `world` in a statement; a segment can't hold everything",
    ),
    _error("mapped", "An IPv4-mapped IPv6 address", "write the IPv4 address"),
    _error(
        "special",
        "A special address",
        "loopback, link-local, multicast and broadcast belong to no segment",
    ),
    _error("range", "No range of addresses", "FIRST-LAST, both of one family, in order"),
    _error("duplicate-address", "One address in two places", "an address is of one endpoint, and once on a gateway"),
    _error("service", "No service", "tcp/443, tcp/9000-9010, icmp/echo-request, proto/47, or a name"),
    _error("port", "No port", "1 to 65535, FIRST-LAST, or any"),
    _error(
        "protocol",
        "No protocol number that can be meant",
        "0 to 255, but those with a word of their own, and IPv6 headers",
    ),
    _error("icmp", "No ICMP type", "icmp/NAME for both families, icmp4/TYPE or icmp6/TYPE for one"),
    _error("cycle", "A ring of `within`, `like`, services or includes", "take one link out"),
    _error(
        "profile-open",
        "A profile that denies inside and allows both ways outside",
        "deny `ingress` or `egress` too: what a segment may not do inside, it could do through a neighbour",
    ),
    _error(
        "waive-code",
        "A waiver of what can't be waived",
        "see `segctl codes`: warnings, lint and the law's demands can be",
    ),
    _error("wrong-kind", "A key that means nothing here", "leave it out"),
    _error(
        "two-gateways", "Two gateways between the same segments", "give both the same `ha`, or take a segment off one"
    ),
    _error("inventory", "A list of hosts that `init` can't read", "see `segctl init --help`; say the form with `--as`"),
    _error("csv", "A CSV that can't be read", "a header line, then lines with as many cells (RFC 4180)"),
    Code(  # not to be waived: a service is a plain list, with no room for a waiver
        "service-override",
        Level.WARNING,
        "A service of the site has the name of one of the catalogue",
        "the site's holds; choose another name if it should not",
    ),
    _lint("review-due", "A flow is past the day of its review", "see whether it is still needed, and move `review_by`"),
    _lint(
        "touches-quarantine",
        "A flow names a segment in quarantine, where it doesn't hold",
        "say `remediation: true`, or take it out",
    ),
    _lint(
        "already-allowed",
        "A flow that another or a default already allows",
        "take it out; if it is to stay as a record, or in case the other goes, waive it",
    ),
    _lint("touches-empty", "A flow names a segment without an address", "it will hold once the segment has members"),
    _lint(
        "helper",
        "A flow of a protocol that opens further connections, which are not followed",
        "name the ports of those connections, too, or use another protocol",
    ),
    # check: what is sound, and yet deserves a look
    _of_check(
        "over-budget",
        "From a segment an intruder reaches more addresses than its `budget`",
        "close a way, or raise `budget`",
        Level.WARNING,
    ),
    _of_check("expiring", "A flow ends soon", "see whether it is still needed, and move `until`, or let it end"),
    _of_check("no-owner", "A segment or flow that nobody answers for", "say `owner:`"),
    _of_check(
        "unusable",
        "A flow that nothing can use",
        "list its segments on an interface, narrow the guardrail, or take the flow out",
    ),
    _of_check(
        "wider-than-needed",
        "A flow names a block of addresses, where the site knows a few machines",
        "name these endpoints, their labels, or a segment",
    ),
    _of_check(
        "classified-down",
        "A flow opens from classified data to a segment that may hold less",
        "let the other side ask, or send through a segment that may",
    ),
    _of_check("unused-segment", "Nothing connects a segment with any other", "declare its flows, or take it out"),
    _of_check(  # not to be waived: an endpoint is what there is
        "unused-endpoint",
        "An endpoint that is in no segment and that nothing names",
        "make it a member of a segment, or take it out",
        waivable=False,
    ),
    _of_check(  # nor this: a service is a plain list
        "unused-service", "A service that nothing uses", "take it out, or use its name", waivable=False
    ),
    _of_check("idle-waiver", "A waiver that waives nothing", "take the waiver out: it would hide the next one"),
    _lint("equal-statements", "One statement twice", "take one out"),
    # audit: rules that no site stands behind, so that there is nothing to waive them on
    _audit(
        "ipv6-open",
        Level.WARNING,
        "IPv6 is left open where IPv4 is filtered",
        "give IPv6 the same rules, or shut it",
    ),
    _audit(
        "source-elsewhere",
        Level.WARNING,
        "Sources are accepted from an interface behind which they can't live",
        "drop them there first",
    ),
    _audit(
        "source-own",
        Level.WARNING,
        "The machine's own addresses are accepted as sources from outside",
        "drop them first, but from lo",
    ),
    _audit(
        "source-loopback",
        Level.LINT,
        "Loopback addresses are accepted as sources from outside",
        "drop 127.0.0.0/8 first, but from lo",
    ),
    _audit("rule-shadowed", Level.LINT, "A rule that no packet meets, for those before it", "take it out, or move it"),
    _audit("rule-redundant", Level.LINT, "A rule without which every packet ends as before", "take it out"),
    _audit("rule-out-of-reach", Level.LINT, "Rules that no packet can get to", "take them out, or lead to them"),
)

CODES: dict[str, Code] = {row.name: row for row in _ROWS}
