"""Who makes which tables: by the names that their programs give to tables and chains.

A name proves nothing: it tells an operator where to look. Seen in what the programs of Debian 12 load (tests/kernel/
foreign), or in their documentation and sources.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from segctl.listing.rule import Table


@dataclass(frozen=True, slots=True)
class Maker:
    """A program; `table` fits `FAMILY NAME` of tables that are its own, `chain` its chains in tables of anybody's."""

    name: str
    table: str = ""
    chain: str = ""


MAKERS: tuple[Maker, ...] = (
    Maker("Docker", r"ip6? docker-bridges", r"DOCKER(-[A-Z0-9-]+)?"),  # docs.docker.com: packet filtering, nftables
    Maker("libvirt", r"ip6? libvirt_network", r"LIBVIRT_[A-Z]+"),
    Maker("firewalld", r"(inet|ip6?) firewalld", r"(INPUT|FORWARD|OUTPUT|PRE|POST)[A-Z]*_(direct|ZONES|POLICIES_pre)"),
    Maker("ufw", "", r"ufw6?-.+"),
    Maker("fail2ban", r"inet f2b-table", r"f2b-.+"),
    Maker("kube-proxy", r"ip6? kube-proxy", r"KUBE-(?!ROUTER).+"),
    Maker("Calico", r"ip6? calico", r"cali-.+"),
    Maker("Cilium", "", r"(OLD_)?CILIUM_.+"),
    Maker("Podman", r"inet netavark", r"NETAVARK[-_].+|CNI-.+"),
    Maker("Incus or LXD", r"inet (incus|lxd)", r"(fwd|in|out|pstrt)\..+"),
    Maker("Tailscale", "", r"ts-(input|forward|postrouting)"),
    Maker("wg-quick", r"ip6? wg-quick-.+"),
    Maker("NetworkManager", r"(ip|inet) nm-.+", r"nm-sh-.+"),
    Maker("systemd", r"ip6? io\.systemd\.nat"),
    Maker("CrowdSec", r"ip6? crowdsec6?(-.+)?", r"crowdsec.*|CROWDSEC.*"),
    Maker("SSHGuard", r"ip6? sshguard", r"sshguard"),
    Maker("Foomuuri", r"inet foomuuri"),
    Maker("nftables.service", r"inet filter"),  # /etc/nftables.conf as Debian ships it; or whoever took that name
)

_IPTABLES_TABLES = ("filter", "nat", "mangle", "raw", "security")


def made_by(table: Table) -> tuple[str, ...]:
    """Whose it seems to be; iptables' tables are several programs' together."""
    said = f"{table.family} {table.name}"
    found = [one.name for one in MAKERS if _fits(one.table, [said]) or _fits(one.chain, table.chains)]
    return tuple(found) or _tool(table)


def _fits(pattern: str, names: Iterable[str]) -> bool:
    return bool(pattern) and any(re.fullmatch(pattern, name) for name in names)


def _tool(table: Table) -> tuple[str, ...]:
    """The tool itself, if nothing tells on whose behalf."""
    if table.engine != "nf_tables":
        return (table.engine,)
    upper = any(chain.hook and name.isupper() for name, chain in table.chains.items())
    return ("iptables-nft",) if table.name in _IPTABLES_TABLES and table.family in ("ip", "ip6") and upper else ()
