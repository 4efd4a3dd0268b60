"""Rules of every kind that nft 1.0.6 takes, one construct each, by the family of their table, as somebody writes them.

A line that begins with `?` isn't modelled as a whole: something in it must come out as Opaque or Strange, by name.
`DECLARED` are the objects that they name. Other tests load them too.
"""

from typing import NamedTuple


class Written(NamedTuple):
    """A rule as somebody writes it; `modelled`: nothing in it may be Opaque or Strange."""

    family: str
    text: str
    modelled: bool


DECLARED = """
 chain b { }
 set s4 { type ipv4_addr; flags dynamic,timeout; size 100; timeout 1h; }
 set s6 { type ipv6_addr; }
 set sl { type ipv4_addr; flags dynamic; size 100; }
 set pairs { type ipv4_addr . inet_service; }
 set marks { type mark; flags interval; elements = { 1-5, 0x10000/16 } }
 set dscp4 { typeof ip dscp; elements = { af11, 0x3 } }
 set dscp6 { typeof ip6 dscp; elements = { af11, 0x3 } }
 map dm { type ipv4_addr : mark; flags dynamic; size 100; }
 map vm { type ipv4_addr : verdict; elements = { 1.1.1.1 : goto b, 2.2.2.2 : drop } }
 map nm { type ipv4_addr . inet_service : ipv4_addr . inet_service; elements = { 1.1.1.1 . 22 : 2.2.2.2 . 23 } }
 map na { type inet_service : ipv4_addr; elements = { 22 : 10.0.0.1 } }
 map cm { type inet_service : counter; elements = { 22 : "c1" } }
 counter c1 { }
 quota q1 { over 5 mbytes }
 limit l1 { rate 5/second }
 ct helper h1 { type "ftp" protocol tcp; }
 ct timeout t1 { protocol tcp; policy = { established : 120 }; }
 ct expectation e1 { protocol tcp; dport 9876; timeout 2m; size 12; l3proto ip; }
 synproxy s1 { mss 1460; wscale 7; timestamp sack-perm; }
"""

_INET = """
accept
drop
return
continue
jump b
goto b
counter
counter packets 5 bytes 7 accept comment "five, and seven"
counter name c1
counter name tcp dport map { 22 : "c1" }
counter name tcp dport map @cm
quota 5 mbytes
quota over 5 mbytes
quota name q1
limit rate 5/second
limit rate 3/minute burst 7 packets
limit rate over 10 mbytes/second burst 100 kbytes
limit rate 1025 bytes/second burst 5 kbytes
limit name l1
limit rate 5/second burst 3 packets counter log prefix "a { b" accept
log
log prefix "x: " level debug
log prefix "x # y" flags ip options counter
log group 2 snaplen 3 queue-threshold 4
log level audit
log flags all
log flags tcp sequence,options
reject
reject with tcp reset
reject with icmp port-unreachable
reject with icmpv6 no-route
reject with icmpx admin-prohibited
meta l4proto udp reject
ip saddr 1.1.1.1 reject with icmp host-prohibited
notrack
ct count over 3
ct count 3
ct helper set "h1"
ct timeout set "t1"
?ct expectation set "e1"
?tcp dport 22 synproxy name "s1"
?synproxy mss 1460 wscale 7 timestamp sack-perm
?reset tcp option maxseg
masquerade
masquerade random,persistent
snat ip to 1.2.3.4
snat ip6 to fd00::1
snat ip to 1.2.3.4-1.2.3.9 random,persistent
dnat ip to 10.0.0.1
ip protocol tcp dnat to 10.0.0.1:80
meta l4proto tcp dnat ip to ip saddr . tcp dport map @nm
tcp dport 5 dnat ip to tcp dport map @na
?dnat ip to numgen inc mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }
tcp dport 5 redirect to :80
tcp dport 80 redirect
?tcp dport 80 tproxy to :50080
?tcp dport 80 tproxy ip to 1.2.3.4:50080 accept
add @s4 { ip saddr }
add @s4 { ip saddr timeout 30s }
update @s4 { ip saddr limit rate 5/second }
update @s4 { ip saddr counter } drop
delete @s4 { ip saddr }
add @sl { ip saddr ct count over 5 } drop
update @dm { ip saddr : 5 }
update @dm { ip saddr : meta mark }
meter mm { ip saddr limit rate 5/second } accept
meta mark 0
meta mark 0x10/28
meta mark != 0x10/28
meta mark 1-5
meta mark >= 0x10000
meta mark { 1-5, 0x10000/16 }
meta mark @marks
meta mark & 0xff 1-5
meta mark & 0xffff0000 | 0x12 == 0x10012
meta mark ^ 0x5 == 0x4
meta mark or 0x5 == 0x5
meta mark and 0x3 xor 0x1 == 2
meta mark set 5
meta mark set ct mark
meta mark set meta mark and 0xff
meta mark set meta mark or 0xff
meta mark set meta mark xor 0xff
meta mark set meta mark & 0xffff0000 | 0x12
meta mark set ct mark and 0xff00 xor 0x10
meta mark set (meta mark | 0x10) & 0x1f
meta mark set (meta mark | 0x10) ^ 0x1f
meta mark set meta mark << 4
meta mark set meta mark >> 4
meta mark set (meta mark & 0xff) << 8
meta mark set ip saddr map { 1.1.1.1 : 5, 2.2.2.0/24 : 6 }
meta mark set ip saddr . tcp dport map { 1.1.1.1 . 22 : 5 }
meta mark set ip saddr map @dm
meta mark set tcp dport map { 22-25 : 0x5, 80 : 0x6 }
?meta mark set numgen inc mod 4
?meta mark set numgen random mod 4 offset 3
?meta mark set numgen random mod 4 map { 0 : 5, 1 : 6 }
?meta mark set jhash ip saddr . tcp dport mod 8
?meta mark set jhash ip saddr mod 4 seed 0xfe map { 0 : 5, 1 : 6 }
?meta mark set symhash mod 2
numgen inc mod 10 < 5
?numgen random mod 2 vmap { 0 : accept, 1 : drop }
ct mark 5
ct mark & 0x80000000 == 0
ct mark & 0x80000000 != 0
ct mark and 0xff == { 1, 2 }
ct mark set 5
ct mark set meta mark
ct mark set meta mark & 0xffff
ct mark set ct mark & 0x0000ffff or 0x00050000
ct mark . meta mark { 1 . 2 }
ct state new
ct state established,related
ct state established,related,untracked accept
ct state { new, established }
ct state == new
ct state != new
ct state != { new, established }
ct state != new,established
ct state ! new,established
ct state & new == new
ct state & (established|related) != 0
ct state vmap { invalid : drop, established : accept, related : accept }
ct status snat
ct status != dnat
ct status & (snat|dnat) == snat
ct status assured,snat
ct direction reply
ct original ip saddr 1.2.3.4
ct reply ip6 daddr ::1
meta l4proto tcp ct original proto-dst 22
ct reply zone 3
ct zone 3
?ct zone set 3
?ct original zone set 3
ct original packets > 3
ct bytes > 1000
ct avgpkt > 100
ct expiration 30s
ct expiration > 1h2m3s
ct expiration 1m-2m
ct helper "ftp"
ct label 3
ct label 1,3
ct label != 3
ct label set 5
ct id 12345
ct l3proto ipv4
ct protocol tcp
ct event set new,destroy
meta time > "2022-07-01 11:00:00"
meta time "2022-07-01 11:00:00"-"2023-07-01 11:00:00"
meta hour "09:00"-"17:00"
meta day "Sunday"
meta day { "Sunday", "Monday" }
meta skuid 0
meta skgid { 0, 5 }
meta cgroup 5
meta cpu 1
meta rtclassid 3
meta pkttype broadcast
meta pkttype set broadcast
meta iiftype ether
meta iifgroup default
meta oifgroup { 1-5 }
meta oifkind "veth"
meta protocol ip
meta protocol { ip, ip6 }
meta protocol vlan
meta nfproto ipv4
meta l4proto { tcp, udp }
meta l4proto 58
meta l4proto != tcp
meta length 20-100
meta length > 1000
meta nftrace set 1
meta priority 1:2
meta priority none
meta priority 1:0-1:ffff
meta priority set 1:2
meta priority & 0xffff0000 == 0x10000
meta ipsec missing
meta sdif lo
meta sdifname "x"
iif lo accept
iif 0
iif != 0
iif != 1-5
iif { "lo", 5-7 }
iif . oif { "lo" . "lo" }
oif { "lo", 77 }
iifname "eth0"
iifname "eth*"
iifname "eth\\*"
iifname "a-b"
iifname != { "eth0", "wg*" }
iifname . oifname { "eth0" . "wg0" }
iifname . ip saddr { "eth0" . 10.0.0.0/8, "a-b" . 10.0.0.1-10.0.0.5 }
socket transparent 1
socket mark 5
socket wildcard 0
osf name "Linux"
osf ttl skip version "Linux:3.0"
rt classid 3
rt ip nexthop 1.2.3.4
rt ip6 nexthop ::1
rt mtu 1400
rt ipsec exists
fib saddr . iif oif 0
fib saddr . iif oif missing
fib saddr . iif oif exists
fib saddr . iif oif "lo"
fib saddr . mark . iif oifname "lo"
fib daddr type local
fib daddr . iif type { local, multicast }
fib daddr . oif type != unicast
fib daddr oif != 0
ip saddr 1.2.3.4
ip saddr 10.0.0.0/8
ip saddr != 10.0.0.0/8
ip saddr 10.0.0.1-10.0.0.5
ip saddr != 1.1.1.1-2.2.2.2
ip saddr 0.0.0.0/0
ip saddr { 10.0.0.0/8, 11.0.0.1, 12.0.0.1-12.0.0.6 }
ip saddr { 10.0.0.0/8, 10.1.0.0/16 }
ip saddr { 1.1.1.1 counter, 2.2.2.2 }
ip saddr & 255.0.0.255 == 10.0.0.1
ip saddr & 0.0.0.255 < 0.0.0.127
ip saddr @s4 drop
ip saddr . ip daddr { 1.1.1.1 . 2.2.2.2, 3.3.3.3 . 4.4.4.4 }
ip saddr . tcp dport { 1.1.1.1 . 22, 3.3.3.0/24 . 80-90 }
ip saddr . tcp dport @pairs
ip saddr . tcp dport != @pairs
ip saddr . tcp dport vmap { 1.1.1.1 . 22 : jump b, 3.3.3.0/24 . 80-90 : drop }
ip saddr vmap @vm
ip saddr vmap { 1.1.1.1 : drop, * : accept } counter
ip version 4
ip hdrlength 5
ip dscp cs1
ip dscp 0x3
ip dscp { cs1, af11 }
ip dscp != { af11 }
ip dscp set cs1
ip dscp & 0x38 == 0x8
ip ecn ce
ip length > 100
ip id 7
ip frag-off 7
ip frag-off & 0x1fff != 0
ip ttl 5
ip ttl set 5
ip ttl >= 64
ip protocol tcp
ip protocol 6-17
ip protocol != { tcp, udp }
ip protocol . tcp dport { tcp . 22 }
ip checksum 5
ip option lsrr exists
ip option rr type 1
ip option ra value 3
ip6 saddr fe80::/10
ip6 daddr ::ffff:1.2.3.4
ip6 saddr { fe80::1-fe80::5, fd00::/8, ::ffff:1.2.3.4 }
ip6 dscp cs1
?ip6 dscp . ip6 saddr { af11 . ::1 }
?tcp doff . tcp dport { 5 . 6 }
?frag frag-off . frag id { 5 . 6 }
ip hdrlength . ip saddr { 5 . 1.1.1.1 }
ip dscp 3-5
ip6 dscp > 5
ip dscp vmap { af11 : drop, 3-5 : accept }
?ip6 dscp @dscp6
ip dscp @dscp4
ip6 ecn ce
ip6 flowlabel 5
ip6 flowlabel set 7
ip6 length 7
ip6 nexthdr 58
ip6 hoplimit 255
ip6 version 6
exthdr frag exists
exthdr frag missing
frag more-fragments 1
frag frag-off 5
frag frag-off != 0
frag id 5
frag reserved2 1
hbh nexthdr tcp
dst nexthdr tcp
rt type 0
rt seg-left 3
?rt0 addr[1] ::1
?srh sid[1] ::1
srh tag 3
mh type 3
icmp type { echo-request, echo-reply }
icmp type . icmp code { 3 . 4 }
icmp code frag-needed
icmp id 5
icmp sequence 6
icmp mtu 1500
icmp gateway 5
icmp checksum 5
icmpv6 type nd-router-advert
icmpv6 type 133-136
icmpv6 code no-route
icmpv6 id 5
icmpv6 mtu 1280
icmpv6 max-delay 4
ip6 saddr ::1 icmp type echo-request
meta nfproto ipv4 icmpv6 type 128
meta nfproto { ipv4, ipv6 } icmp type 8
meta protocol ip6 icmp type echo-request
igmp type membership-query
meta l4proto igmp igmp type membership-query
tcp sport 1024-65535
tcp dport != { 22, 80 }
tcp dport 22-80
tcp dport >= 1024
tcp dport > 1024
tcp dport < 1024
tcp dport <= 1024
tcp dport 0-65535
tcp dport < 1
tcp sequence 5
tcp ackseq 5
tcp doff 8
tcp reserved 1
tcp window 0
tcp checksum 4
tcp urgptr 0
tcp flags syn
tcp flags syn,ack
tcp flags == syn
tcp flags == syn|ack
tcp flags != syn
tcp flags syn / syn,ack
tcp flags != syn / syn,ack
tcp flags { syn, syn|ack }
tcp flags & (fin|syn|rst|ack) == syn
tcp flags & (syn|ack) == ack|syn
tcp flags & (syn|ack) != 0
tcp flags & (syn|ack|rst) != syn|ack
tcp flags & syn == 0
tcp flags ! syn,ack
tcp flags & (fin|syn|rst|psh|ack|urg) < 0x10
tcp flags vmap { syn : drop }
tcp option maxseg size 1400
tcp option maxseg size set 1400
tcp option maxseg size set rt mtu
tcp option sack-perm exists
tcp option timestamp missing
tcp option window count 5
tcp option sack left 5
tcp option 77 exists
tcp option @77,8,8 5
udp dport 53
udp dport != 1-5
udp length > 8
udp checksum 0
udplite dport 5
sctp dport 5
sctp vtag 5
sctp chunk data exists
sctp chunk init num-inbound-streams 5
dccp dport 5
dccp type request
ah spi 5
esp spi 5
comp cpi 5
th dport 5
th sport . th dport { 1 . 2 }
th dport . meta l4proto { 53 . udp, 53 . tcp }
meta l4proto . th dport vmap { tcp . 22 : accept, udp . 53 : drop }
meta l4proto { tcp, udp } th dport 53
@th,0,16 5
@th,16,16 22
@th,16,16 set 5
@th,3,5 7
@th,160,8 5
@nh,96,32 0x0a000001
@nh,8,8 & 0xf 5
@ll,0,48 5
@ih,0,8 5
ether saddr 00:11:22:33:44:55
ether saddr { 00:11:22:33:44:55, 66:11:22:33:44:00-66:11:22:33:44:ff }
ether saddr . ip saddr { 00:11:22:33:44:55 . 1.2.3.4 }
ether type vlan
vlan id 5
vlan pcp 3
vlan type ip
tcp dport vmap { 22 : accept, 23 : drop, 24-30 : return, 31 : jump b, 32 : goto b, 33 : continue }
"""
_OTHERS = {
    "ip": """
icmp type echo-request
icmpv6 type echo-request
tcp dport 22
ip protocol tcp tcp dport 22
ip saddr 1.2.3.4
ct original saddr 1.2.3.4
fib saddr . iif oif missing
rt nexthop 1.2.3.4
reject
reject with tcp reset
snat to 1.2.3.4
tcp dport 5 dnat to 1.2.3.4:80
?dup to 1.2.3.4
""",
    "ip6": """
icmpv6 type echo-request
icmp type echo-request
ip6 nexthdr icmpv6
ct reply saddr ::1
reject with tcp reset
snat to ::1
tcp dport 5 dnat to [::1]:80
""",
    "bridge": """
vlan id 5 ip saddr 1.2.3.4
ip saddr 1.2.3.4
ip6 saddr ::1
ether type arp arp operation request
arp saddr ip 1.2.3.4
arp daddr ether 00:11:22:33:44:55
arp htype 1
tcp dport 22
icmp type echo-request
ether type ip6 icmp type 8
ether type ip tcp dport 22
ether saddr 00:11:22:33:44:55
igmp type 17
""",
    "netdev": """
ip saddr 1.2.3.4
tcp dport 22
icmp type echo-request
vlan id 4
arp operation request
reject with icmp port-unreachable
?fwd to "lo"
?fwd ip to 1.2.3.4 device "lo"
?dup to "lo"
""",
    "arp": """
arp operation request
arp saddr ip 1.2.3.4
arp saddr ether 00:11:22:33:44:55
ether saddr 00:11:22:33:44:55
""",
}


def _written(family: str, lines: str) -> tuple[Written, ...]:
    said = [line for line in lines.split("\n") if line]
    return tuple(Written(family, line.removeprefix("?"), not line.startswith("?")) for line in said)


RULES = sum((_written(family, lines) for family, lines in {"inet": _INET, **_OTHERS}.items()), ())
