"""Conditions that the kernel is asked about, and the packets that it is shown. `FOUR`, `SIX`: one rule's words each."""

from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption
from scapy.layers.inet6 import (
    ICMPv6EchoRequest,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

NEAR, FAR = "02:00:00:00:00:01", "02:00:00:00:00:02"
OWN4, OWN6 = "10.9.0.1", "fd09::1"

_BOTH = """
-p tcp
! -p tcp
-p udp
-p 132
! -p 47
-p all
-p tcp -m tcp
-p udp -m udp
-p tcp -m tcp --dport 22
-p tcp -m tcp ! --dport 22
-p tcp -m tcp --dport 20:80
-p tcp -m tcp --sport 1024:65535 --dport 443
-p tcp -m tcp ! --sport 1024:65535
-p tcp -m tcp --dport 0:65535
-p udp -m udp --dport 53
-p udp -m udp ! --sport 53 --dport :1023
-p udp -m udp ! --dport 60:70
-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN
-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN
-p tcp --syn
-p tcp ! --syn
-p tcp -m tcp --tcp-flags ALL NONE
-p tcp -m tcp --tcp-flags SYN,FIN SYN,FIN
-p tcp -m tcp --tcp-flags ALL FIN,URG,PSH
-p tcp -m tcp --tcp-option 2
-p tcp -m tcp ! --tcp-option 2
-p tcp -m tcp --tcp-option 8 --dport 443
-p tcp -m multiport --dports 22,80,443
-p tcp -m multiport ! --dports 22,80,443
-p tcp -m multiport --dports 1:21,443,8000:9000
-p udp -m multiport --sports 53,1024:65535
-p udp -m multiport ! --sports 53
-p tcp -m multiport --ports 22,443
-p tcp -m multiport ! --ports 22,443
-p udp -m multiport --ports 53,5353,60000:61000
-p sctp -m multiport --dports 5060
-p udplite -m multiport --ports 7
-p sctp -m sctp --dport 5060
-p sctp -m sctp ! --sport 1:100
-p dccp -m dccp --dport 5001
-p dccp -m dccp ! --dccp-types REQUEST,RESPONSE
-p dccp -m dccp --dccp-types DATA,ACK
-p esp -m esp --espspi 256:300
-p esp -m esp ! --espspi 256:300
-p esp -m esp
-m mac --mac-source 02:00:00:00:00:02
-m mac ! --mac-source 02:00:00:00:00:02
-m mac --mac-source 02:00:00:00:00:03
-m mark --mark 0x0
-m mark ! --mark 0x0
-m mark --mark 0x0/0xff
-m mark --mark 0x1/0xff
-m mark ! --mark 0x100/0xff
-m pkttype --pkt-type unicast
-m pkttype --pkt-type broadcast
-m pkttype ! --pkt-type multicast
-m length --length 0:60
-m length ! --length 40:80
-m length --length 100:65535
-m dscp --dscp 0x0a
-m dscp ! --dscp 0x0a
-m dscp --dscp-class EF
-m tos --tos 0x10/0x3f
-m tos --tos 0x28
-m tos ! --tos 0x28/0xfc
-m tos --tos Minimize-Delay
-m tos --tos 0x02/0x03
-m ecn --ecn-ip-ect 2
-m ecn ! --ecn-ip-ect 0
-i near
! -i near
-i nea+
! -i nea+
-i ne
-i other+
-m devgroup --src-group 0x0
-m devgroup ! --src-group 0x0
-m devgroup --src-group 0x1/0x1
-m comment --comment "a \\"quoted\\" word and -j DROP"
-m comment --comment -j
-m limit --limit 1/day --limit-burst 1
-m statistic --mode random --probability 0.5
-m recent --set --name seen
-m quota --quota 100
-m hashlimit --hashlimit-upto 1/min --hashlimit-mode srcip --hashlimit-name hl
-m u32 --u32 "0x0&0xf0000000=0x40000000"
-m string --string "x y" --algo bm
-m time --timestart 01:00 --timestop 02:00
-m physdev --physdev-in br+
-m cpu --cpu 0
-m bpf --bytecode "1,6 0 0 1"
-m rpfilter
-m policy --dir in --pol none
"""

FOUR = [
    *_BOTH.strip().splitlines(),
    *"""
-s 10.9.0.2
! -s 10.9.0.2
-s 10.9.0.0/24 -d 10.9.0.1
-d 10.9.0.0/255.255.255.0
-d 10.0.0.1/255.0.0.255
! -d 10.0.0.1/255.0.0.255
-s 0.0.0.0/0
! -d 224.0.0.0/4
-p icmp
-p 1 ! -s 10.9.0.2
-f
! -f
-p tcp -f
-p udp ! -f -m udp --dport 53
-p icmp -m icmp --icmp-type 8
-p icmp -m icmp ! --icmp-type 8
-p icmp -m icmp --icmp-type echo-reply
-p icmp -m icmp --icmp-type 3/4
-p icmp -m icmp ! --icmp-type 3/4
-p icmp -m icmp --icmp-type destination-unreachable
-p icmp -m icmp --icmp-type any
-p icmp -m icmp --icmp-type host-unreachable
-m iprange --src-range 10.9.0.2-10.9.0.5
-m iprange ! --src-range 10.9.0.2-10.9.0.5
-m iprange --src-range 10.9.0.1-10.9.0.9 ! --dst-range 10.9.0.1-10.9.0.1
-m ttl --ttl-eq 64
-m ttl ! --ttl-eq 64
-m ttl --ttl-lt 64
-m ttl --ttl-gt 64
-m addrtype --dst-type LOCAL
-m addrtype ! --dst-type LOCAL
-m addrtype --dst-type BROADCAST,MULTICAST
-m addrtype --src-type UNICAST --dst-type LOCAL
-m addrtype ! --src-type UNICAST
-m addrtype ! --dst-type UNICAST,BROADCAST
-p ah -m ah --ahspi 1000
-p ah -m ah ! --ahspi 1:999
-p ipcomp -m ipcomp --ipcompspi 5:7
-m set --match-set addrs src
-m set ! --match-set addrs src
-m set --match-set addrs dst
-m set --match-set nets src
-m set ! --match-set nets src
-m set --match-set services dst,dst
-m set ! --match-set services dst,dst
-m set --match-set services src,src
-m set --match-set netports src,dst
-m set ! --match-set netports src,dst
-m set --match-set triples src,dst,dst
-m set --match-set pairs src,src
-m set ! --match-set pairs src,src
-m set --match-set pairs src,dst
-m set --match-set ports dst
-m set ! --match-set ports dst
-m set --match-set span src
-m set ! --match-set span src,src
-m set --match-set many src,dst
-m set ! --match-set many src,dst
-m set --match-set many src
-m set ! --match-set many src
-m set --match-set services dst
-m set ! --match-set services dst
-m set --match-set six-too src
-m set ! --match-set six-too dst
-m set --match-set addrs src -m set ! --match-set services dst,dst -m comment --comment "two sets"
-m set --match-set nets src --return-nomatch
""".strip().splitlines(),
]

SIX = [
    *_BOTH.strip().splitlines(),
    *"""
-s fd09::2
! -s fd09::2
-d fd09::/64
-d fd09::1/ffff::ffff
! -d fd09::1/ffff::ffff
-s ::/0
-p ipv6-icmp
! -p ipv6-icmp
-p ipv6-icmp -m icmp6 --icmpv6-type 128
-p ipv6-icmp -m icmp6 ! --icmpv6-type echo-request
-p ipv6-icmp -m icmp6 --icmpv6-type 1/4
-p ipv6-icmp -m icmp6 ! --icmpv6-type 1/4
-p ipv6-icmp -m icmp6 --icmpv6-type destination-unreachable
-m iprange --src-range fd09::2-fd09::9
-m hl --hl-eq 255
-m hl ! --hl-eq 64
-m hl --hl-lt 64
-m addrtype --dst-type LOCAL
-m addrtype ! --dst-type LOCAL
-m addrtype --dst-type MULTICAST
-m addrtype --src-type UNICAST
-m addrtype ! --src-type UNICAST
-m addrtype --dst-type UNICAST
-m addrtype ! --src-type UNSPEC
-m addrtype --dst-type LOCAL,UNICAST
-m frag --fragid 77
-m frag ! --fragid 77
-m frag --fragfirst
-m frag --fragmore
-m frag --fraglast
-m rt --rt-type 0
-m rt ! --rt-type 0
-m rt --rt-type 2 --rt-segsleft 1
-m hbh
-m ipv6header --header dst --soft
-m ah --ahspi 7
-m set --match-set nets6 src
-m set ! --match-set nets6 src
-m set --match-set services6 dst,dst
-m set ! --match-set services6 dst,dst
-m set --match-set six-too src
-m set ! --match-set ports dst
""".strip().splitlines(),
]

SETS = """
create addrs hash:ip family inet
add addrs 10.9.0.2
add addrs 10.9.0.7
create nets hash:net family inet
add nets 10.9.0.0/16
add nets 10.9.0.0/29 nomatch
add nets 10.9.0.4/31
create services hash:ip,port family inet
add services 10.9.0.1,tcp:22
add services 10.9.0.1,udp:53
add services 10.9.0.1,icmp:8/0
add services 10.9.0.1,gre:0
add services 10.9.0.2,tcp:40000
create netports hash:net,port family inet
add netports 10.9.0.0/24,tcp:22
add netports 10.9.0.0/30,tcp:22 nomatch
add netports 10.9.0.2/32,tcp:22
add netports 10.9.0.0/16,udp:53
create triples hash:ip,port,ip family inet
add triples 10.9.0.2,tcp:443,10.9.0.1
create pairs hash:net,iface family inet
add pairs 10.9.0.0/24,near
add pairs 10.9.0.6/31,near nomatch
add pairs 10.8.0.0/16,ne wildcard
create ports bitmap:port range 0-1023
add ports 22
add ports 53
create span bitmap:ip range 10.9.0.0-10.9.0.255 netmask 30
add span 10.9.0.4
create nets6 hash:net family inet6
add nets6 fd09::/64
add nets6 fd09::2 nomatch
create services6 hash:ip,port family inet6
add services6 fd09::1,tcp:22
add services6 fd09::1,ipv6-icmp:128/0
create many list:set
add many addrs
add many services
create six-too list:set
add six-too nets6
add six-too addrs
"""


def _frame(packet: Packet, to: str = NEAR) -> bytes:
    return bytes(Ether(src=FAR, dst=to) / packet)


def frames4() -> list[bytes]:
    """Packets of IPv4, each of a kind that some condition tells from others."""
    ports = [(40000, 22), (40000, 80), (22, 40000), (53, 53), (1023, 443), (5353, 60001), (7, 7), (65535, 0), (20, 21)]
    out: list[Packet] = []
    for source in ("10.9.0.2", "10.9.0.5", "10.9.0.7", "10.9.0.77", "10.8.3.1", "192.0.2.1"):
        here = IP(src=source, dst=OWN4)
        out += [here / TCP(sport=40000, dport=22, flags="S", options=[("MSS", 1460)]), here / ICMP(type=8)]
        out += [here / UDP(sport=40000, dport=53), here / UDP(sport=53, dport=65)]
    here = IP(src="10.9.0.2", dst=OWN4)
    for sport, dport in ports:
        out += [here / TCP(sport=sport, dport=dport, flags="A"), here / UDP(sport=sport, dport=dport)]
    flags = ["", "S", "SA", "F", "R", "FPU", "SF", "SEC", "PA"]
    out += [here / TCP(sport=2000, dport=443, flags=one, options=[("Timestamp", (1, 0))]) for one in flags]
    out += [here / ICMP(type=kind, code=code) for kind, code in ((0, 0), (3, 1), (3, 4), (11, 0), (8, 1), (13, 0))]
    carried = {
        47: b"\0" * 8,
        132: b"\x13\xc4\x13\xc4" + b"\0" * 12,
        136: b"\0\x07\0\x09\0\0\0\0",
        2: b"\x16" + b"\0" * 7,
    }
    carried |= {50: (260).to_bytes(4) + b"\0" * 20, 51: b"\x06\x04\0\0" + (1000).to_bytes(4) + b"\0" * 24}
    carried |= {108: b"\x06\0\0\x06" + b"\0" * 16, 200: b"\0" * 8}
    out += [IP(src="10.9.0.2", dst=OWN4, proto=kind) / Raw(body) for kind, body in carried.items()]
    out += [IP(src="10.9.0.2", dst=OWN4, proto=33) / Raw(dccp(kind)) for kind in (0, 1, 2, 3, 7)]
    other = {"10.9.0.255": "ff:ff:ff:ff:ff:ff", "224.0.0.5": "01:00:5e:00:00:05", "10.9.0.9": NEAR, "10.0.7.1": NEAR}
    frames = [_frame(IP(src="10.9.0.2", dst=to) / UDP(sport=1, dport=2), mac) for to, mac in other.items()]
    for service in (0x10, 0x28, 0x29, 0x2A, 0xB8, 0x02, 0x03):
        out.append(IP(src="10.9.0.2", dst=OWN4, tos=service) / UDP(sport=9, dport=9))
    out += [IP(src="10.9.0.2", dst=OWN4, ttl=ttl) / UDP(sport=9, dport=9) for ttl in (1, 63, 65, 255)]
    out += [here / UDP(sport=9, dport=9) / Raw(b"x y" * size) for size in (8, 40, 300)]
    out.append(IP(src="10.9.0.2", dst=OWN4, options=[IPOption(b"\x94\x04\0\0")]) / TCP(sport=1, dport=22, flags="S"))
    for kind in (1, 6, 17, 47, 132):  # later fragments
        for start in (2, 185):
            out.append(
                IP(src="10.9.0.2", dst=OWN4, proto=kind, frag=start, flags="MF", id=7) / Raw(b"\0\x16\0\x16" * 8)
            )
        out.append(IP(src="10.9.0.2", dst=OWN4, proto=kind, frag=370, id=7) / Raw(b"\0\x35\0\x35" * 8))
    out.append(IP(src="10.9.0.2", dst=OWN4, flags="MF", id=9) / UDP(sport=40000, dport=53) / Raw(b"\0" * 24))
    return [*map(_frame, out), *frames]


def frames6() -> list[bytes]:
    """The same of IPv6."""
    out: list[Packet] = []
    for source in ("fd09::2", "fd09::9", "fd08::2", "2001:db8::1", "::"):
        here = IPv6(src=source, dst=OWN6)
        out += [here / TCP(sport=40000, dport=22, flags="S", options=[("MSS", 1460)]), here / ICMPv6EchoRequest()]
        out += [here / UDP(sport=40000, dport=53), here / UDP(sport=53, dport=65)]
    here = IPv6(src="fd09::2", dst=OWN6)
    for sport, dport in [(40000, 80), (22, 40000), (1023, 443), (5353, 60001), (7, 7), (20, 21)]:
        out += [here / TCP(sport=sport, dport=dport, flags="A"), here / UDP(sport=sport, dport=dport)]
    out += [here / TCP(sport=2000, dport=443, flags=one) for one in ("", "S", "F", "FPU", "SF", "SEC")]
    raw = {
        47: b"\0" * 8, 132: b"\x13\xc4\x13\xc4" + b"\0" * 12, 136: b"\0\x07\0\x09\0\0\0\0",
        50: (260).to_bytes(4) + b"\0" * 20, 58: b"\x01\x04" + b"\0" * 46, 59: b"", 33: dccp(0),
    }  # fmt: skip
    out += [IPv6(src="fd09::2", dst=OWN6, nh=kind) / Raw(body) for kind, body in raw.items()]
    out.append(IPv6(src="fd09::2", dst=OWN6, nh=58) / Raw(b"\x01\x03" + b"\0" * 46))
    out += [IPv6(src="fd09::2", dst=OWN6, tc=tc) / UDP(sport=9, dport=9) for tc in (0x10, 0x28, 0x2A, 0xB8, 0x03)]
    out += [IPv6(src="fd09::2", dst=OWN6, hlim=hops) / UDP(sport=9, dport=9) for hops in (1, 63, 255)]
    out += [here / UDP(sport=9, dport=9) / Raw(b"x" * size) for size in (8, 200)]
    out += [IPv6(src="fd09::2", dst=to) / UDP(sport=9, dport=9) for to in ("fd09:5::1", "::ffff:10.0.0.1", "fe80::77")]
    for kind in (6, 17, 58):
        head = IPv6(src="fd09::2", dst=OWN6) / IPv6ExtHdrFragment(nh=kind, offset=10, m=1, id=77)
        out.append(head / Raw(b"\0\x16\0\x16" * 8))
    out.append(here / IPv6ExtHdrFragment(offset=0, m=1, id=78) / UDP(sport=40000, dport=53) / Raw(b"\0" * 24))
    out.append(here / IPv6ExtHdrFragment(nh=17, offset=10, m=0, id=78) / Raw(b"\0" * 24))
    out.append(here / IPv6ExtHdrDestOpt() / TCP(sport=40000, dport=22, flags="S"))
    out.append(here / IPv6ExtHdrHopByHop() / UDP(sport=40000, dport=53))
    out.append(here / IPv6ExtHdrRouting(type=2, segleft=1, addresses=["fd09::5"]) / TCP(sport=1, dport=22, flags="S"))
    frames = [_frame(IPv6(src="fd09::2", dst="ff02::5") / UDP(sport=9, dport=9), "33:33:00:00:00:05")]
    return [*map(_frame, out), *frames]


def dccp(kind: int) -> bytes:
    """A DCCP header of a type, long enough for the kernel (RFC 4340, section 5)."""
    return b"\x13\x89\x13\x89\x06\0\0\0" + bytes([kind << 1 | 1]) + b"\0" * 15
