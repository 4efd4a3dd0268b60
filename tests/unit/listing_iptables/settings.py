"""Targets that set something, and how the kernel is asked what they did."""

from tests.unit.listing_iptables.meaning import Facts

FIRST = [  # what each begins with
    "-j MARK --set-xmark 0x5a3c00ff/0xffffffff",
    "-j CONNMARK --set-xmark 0xf0f1234/0xffffffff",
    "-j TOS --set-tos 0xb9/0xff",
    "-j TTL --ttl-set 77",
]
SETTINGS = """
-j MARK --set-mark 0x10
-j MARK --set-mark 0x10/0xff
-j MARK --set-mark 0x110/0xf
-j MARK --set-xmark 0x0/0x0
-j MARK --set-xmark 0x12/0xf
-j MARK --set-xmark 0xffffffff/0x0
-j MARK --and-mark 0xf0f
-j MARK --or-mark 0x8100
-j MARK --xor-mark 0xffff
-j CONNMARK --set-mark 0x7
-j CONNMARK --set-mark 0x7/0xff00
-j CONNMARK --set-xmark 0x7/0xf
-j CONNMARK --and-mark 0xff00
-j CONNMARK --or-mark 0x8
-j CONNMARK --xor-mark 0xf
-j CONNMARK --save-mark
-j CONNMARK --save-mark --nfmask 0xff --ctmask 0xffffffff
-j CONNMARK --save-mark --nfmask 0x0 --ctmask 0xff
-j CONNMARK --restore-mark
-j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xff00
-j CONNMARK --restore-mark --nfmask 0xff00 --ctmask 0x0
-j DSCP --set-dscp 0x0a
-j DSCP --set-dscp-class AF41
-j TOS --set-tos 0x10/0x3f
-j TOS --set-tos 0x28
-j TOS --set-tos 0x0/0xfc
-j TOS --set-tos 0x3/0x3
-j TOS --and-tos 0xf0
-j TOS --or-tos 0x46
-j TOS --xor-tos 0xff
-j TOS --set-tos Maximize-Throughput
-j TTL --ttl-set 9
""".strip().splitlines()


def checks(expected: Facts) -> list[str]:
    """Conditions that hold if the kernel agrees."""
    return [
        f"-m mark --mark {expected['meta mark']:#x}",
        f"-m connmark --mark {expected['ct mark']:#x}",
        f"-m dscp --dscp {expected['ip dscp']:#x}",
        f"-m ecn --ecn-ip-ect {expected['ip ecn']}",
        f"-m ttl --ttl-eq {expected['ip ttl']}",
    ]
