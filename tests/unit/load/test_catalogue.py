"""The built-in services: enough of them, right where it can be checked, each with its source."""

import re
from pathlib import Path

import pytest

from segctl.load import catalogue_services
from segctl.load.catalogue import catalogue
from segctl.load.scalars import NAME
from segctl.model.service import ICMP, ICMP6, TCP, UDP, traffic

MUST = (
    "ssh http https dns ntp smtp submission imaps ldap ldaps kerberos smb rdp vnc winrm mysql postgresql "
    "mssql oracle mongodb redis memcached elasticsearch kafka rabbitmq amqp mqtt modbus opc-ua dnp3 s7comm "
    "iso-tsap ethernet-ip bacnet dicom hl7-mllp snmp syslog netconf prometheus node-exporter grafana "
    "consul etcd kubernetes-api docker nfs rsync git ftp tftp sip rtsp vrrp bgp ipsec-ike wireguard "
    "openvpn ping gre "
)


def test_at_least_150() -> None:
    assert len(catalogue().services) >= 150
    assert set(MUST.split()) <= catalogue().services.keys()


def test_each_is_whole() -> None:
    for name, entry in catalogue().services.items():
        assert NAME.match(name) and name != "all"
        assert entry.literals and entry.traffic(), name
        assert re.search(r"IANA|RFC|vendor|in use|IEC|ASHRAE|OpenTelemetry", entry.source), name
    assert catalogue_services().keys() == catalogue().services.keys()


def test_ports_agree_with_the_machines_registry() -> None:
    """Where Debian's /etc/services has the name that we say IANA has, it has our port."""
    lines = Path("/etc/services").read_text().splitlines()  # Debian's netbase
    known: dict[str, set[int]] = {}
    for words in (line.partition("#")[0].split() for line in lines):
        for name in words[:1] + words[2:]:
            known.setdefault(name, set()).add(int(words[1].partition("/")[0]))
    checked = 0
    for entry in catalogue().services.values():
        iana = re.match(r"IANA ([\w-]+)(?=[;:]|$)", entry.source)
        if iana and iana[1] in known:
            checked += 1
            low = {int(re.split("[-/]", literal)[1]) for literal in entry.literals if not literal.startswith("icmp")}
            assert known[iana[1]] & low, entry.name
    assert checked >= 40


@pytest.mark.parametrize(("name", "protocol", "port"), [
    ("ssh", TCP, 22), ("https", TCP, 443), ("http3", UDP, 443), ("ntp", UDP, 123), ("rdp", TCP, 3389),
    ("mysql", TCP, 3306),
    ("kafka", TCP, 9092), ("modbus", TCP, 502), ("opc-ua", TCP, 4840), ("s7comm", TCP, 102), ("bacnet", UDP, 47808),
    ("dicom", TCP, 104), ("hl7-mllp", TCP, 2575), ("ipsec-ike", UDP, 4500), ("wireguard", UDP, 51820), ("gre", 47, 0),
    ("vrrp", 112, 7), ("kubernetes-api", TCP, 6443), ("etcd", TCP, 2379),
])  # fmt: skip
def test_well_known(name: str, protocol: int, port: int) -> None:
    assert traffic(4, protocol, port) in catalogue_services()[name].traffic


def test_icmp_types() -> None:
    """As the kernel's headers number them (linux/icmp.h, linux/icmpv6.h)."""
    types = catalogue().icmp_types
    assert types["echo-request"] == {"icmp4": 8, "icmp6": 128}
    assert types["destination-unreachable"] == {"icmp4": 3, "icmp6": 1}
    assert types["time-exceeded"] == {"icmp4": 11, "icmp6": 3}
    assert types["parameter-problem"] == {"icmp4": 12, "icmp6": 4}
    assert types["packet-too-big"] == {"icmp6": 2}
    assert types["timestamp-request"] == {"icmp4": 13}
    assert types["router-solicitation"] == {"icmp4": 10, "icmp6": 133}
    assert traffic(4, ICMP, 8) in catalogue_services()["ping"].traffic
    assert traffic(6, ICMP6, 128) in catalogue_services()["ping"].traffic
    assert len(types) >= 20
