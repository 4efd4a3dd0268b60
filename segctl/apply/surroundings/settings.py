"""Settings of the kernel that bear on our rules, each as one row: what it is, when it matters, what it does to us.

They are told, and never changed: they are the machine's, and others may need them as they are.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from segctl.apply.result import Concern, Level
from segctl.kernel.interfaces import Link

Settings = Mapping[str, str]

_FULL = 0.75
_COUNT, _MOST = "netfilter/nf_conntrack_count", "netfilter/nf_conntrack_max"
_FORWARDING = {4: "ipv4/ip_forward", 6: "ipv6/conf/all/forwarding"}
_BRIDGED = {4: "bridge/bridge-nf-call-iptables", 6: "bridge/bridge-nf-call-ip6tables"}


@dataclass(frozen=True, slots=True)
class Row:
    """One setting below `net.`: it matters if `when` is true of its value."""

    name: str
    when: Callable[[str], bool]
    level: Level
    what: str
    help: str = ""


def _off(value: str) -> bool:
    return value == "0"


def _on(value: str) -> bool:
    return value != "0"


ROWS: tuple[Row, ...] = (
    Row(
        "netfilter/nf_conntrack_tcp_loose", _off, Level.WARNS,
        "TCP connections that are in use are not picked up while the first generation sleeps: all end with its flip",
        "sysctl -w net.netfilter.nf_conntrack_tcp_loose=1, which lets nothing in: our rules demand SYN alone",
    ),
    Row(
        "netfilter/nf_conntrack_tcp_be_liberal", _on, Level.TELLS,
        "TCP segments outside their window aren't invalid: who guesses addresses and ports of a live connection can "
        "write into it",
    ),
    Row(
        "netfilter/nf_conntrack_checksum", _off, Level.TELLS,
        "packets with wrong checksums aren't invalid: they can open connections and keep them alive",
    ),
)  # fmt: skip
"""Those that matter by themselves. docs/limits.md has the ones that don't (conntrack's accounting, ARP on bridges)."""

NAMES: tuple[str, ...] = (
    *(row.name for row in ROWS), _COUNT, _MOST, *_FORWARDING.values(), *_BRIDGED.values(),
    "ipv4/conf/all/rp_filter", "ipv4/conf/default/rp_filter",
)  # fmt: skip
"""Those that don't belong to one interface."""


def of_interfaces(links: tuple[Link, ...]) -> tuple[str, ...]:
    """Those that each interface has."""
    return tuple(f"ipv4/conf/{link.name}/rp_filter" for link in links if "/" not in link.name)


def setting_concerns(settings: Settings, links: tuple[Link, ...]) -> Iterator[Concern]:
    """What the settings do to us, whatever the site says."""
    for row in ROWS:
        if row.name in settings and row.when(settings[row.name]):
            yield Concern(row.level, f"{_said(row.name, settings)}: {row.what}", row.help)
    yield from _fill(settings)
    yield from _bridges(settings, links)
    yield from _return_paths(settings, links)


def forwarding_concerns(settings: Settings, families: frozenset[int]) -> Iterator[Concern]:
    """A gateway that doesn't forward a family that the site gives it addresses of."""
    for version in sorted(families):
        name = _FORWARDING[version]
        if settings.get(name) == "0":
            yield Concern(
                Level.WARNS,
                f"{_said(name, settings)}: this gateway forwards no IPv{version}, whatever the rules allow",
                f"sysctl -w {_dotted(name)}=1",
            )


def _fill(settings: Settings) -> Iterator[Concern]:
    """Conntrack drops what opens a connection for which it has no room, and early what isn't assured."""
    count, most = int(settings.get(_COUNT, "0")), int(settings.get(_MOST, "0"))
    if most and count >= most * _FULL:
        yield Concern(
            Level.WARNS,
            f"{count} of at most {most} connections are tracked: once it is full the kernel drops what opens more",
            f"sysctl -w {_dotted(_MOST)}={2 * most}",
        )


def _bridges(settings: Settings, links: tuple[Link, ...]) -> Iterator[Concern]:
    names = ", ".join(link.name for link in links if link.kind == "bridge")
    for version, name in _BRIDGED.items():
        if not names:
            return
        if settings.get(name, "0") == "0":
            yield Concern(
                Level.TELLS, f"IPv{version} frames that stay within a bridge ({names}) meet no rule of ours"
            )  # fmt: skip
        else:
            yield Concern(
                Level.WARNS,
                f"{_said(name, settings)}: IPv{version} frames that stay within a bridge ({names}) meet our rules, as "
                "if they came and left by it; of a bridge that the site doesn't list they are dropped",
                f"sysctl -w {_dotted(name)}=0, if nobody else filters bridges by iptables",
            )


def _return_paths(settings: Settings, links: tuple[Link, ...]) -> Iterator[Concern]:
    """rp_filter: the larger of `all` and the interface's own counts (Documentation/networking/ip-sysctl.rst)."""
    everywhere = settings.get("ipv4/conf/all/rp_filter", "0")
    strict = [
        link.name
        for link in links
        if not link.loopback and max(everywhere, settings.get(f"ipv4/conf/{link.name}/rp_filter", "0")) == "1"
    ]
    if strict:
        yield Concern(
            Level.TELLS,
            f"net.ipv4.conf.*.rp_filter is 1 on {', '.join(strict)}: the kernel drops, before our rules, what comes by "
            "another interface than it would answer by",
        )


def _said(name: str, settings: Settings) -> str:
    return f"{_dotted(name)} is {settings[name]}"


def _dotted(name: str) -> str:
    return f"net.{name.replace('/', '.')}"
