"""Sets of every type with elements, and base chains on every hook: as somebody writes them."""

SETS = """
table inet t {
 chain b { }
 set addresses { type ipv4_addr; elements = { 1.2.3.4, 5.6.7.8 } }
 set nets { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 11.0.0.1, 12.0.0.1-12.0.0.6, 255.0.0.0/8 } }
 set nets6 { type ipv6_addr; flags interval; elements = { ::1, fd00::/8, ::ffff:1.2.3.4, fe80::1-fe80::5 } }
 set ends { type ipv4_addr; flags interval; elements = { 0.0.0.0/0 } }
 set macs { type ether_addr; elements = { 00:11:22:33:44:55, ff:ff:ff:ff:ff:ff } }
 set marks { type mark; elements = { 0x1234, 0x80000000, 0, 0xffffffff } }
 set mark_ranges { type mark; flags interval; elements = { 1-5, 0x10000-0x1ffff } }
 set classes { type classid; elements = { 1:2, ffff:ffff } }
 set class_ranges { type mark . classid; flags interval; elements = { 1-5 . 1:0-1:ffff, 7 . 2:2 } }
 set names { typeof meta iifkind; elements = { "veth" } }
 set interfaces { type ifname; flags interval; elements = { "eth*", "lo", "wg0", "a-b" } }
 set interfaces_ports { type ifname . inet_service; flags interval; elements = { "eth*" . 1-5, "lo" . 22 } }
 set both_names { type ifname . ifname . mark; elements = { "eth0" . "a-name-of-15byt" . 7 } }
 set indexes { type iface_index; elements = { "lo", 77 } }
 set states { type ct_state; elements = { new, established } }
 set statuses { typeof ct status; elements = { assured, snat } }
 set directions { typeof ct direction . ip saddr; elements = { reply . 1.1.1.1 } }
 set protocols { type inet_proto; elements = { tcp, udp, 200, esp } }
 set protocols_ports { type inet_proto . inet_service; flags interval; elements = { tcp . 1-5, 6-17 . 22 } }
 set tcpflags { type tcp_flag; elements = { syn, syn | ack, 0x0 } }
 set dscps { typeof ip dscp; elements = { cs1, af11, 0x3f } }
 set types4 { type icmp_type . icmp_code; elements = { echo-request . 0, destination-unreachable . frag-needed } }
 set types6 { type icmpv6_type; flags interval; elements = { 1-4, echo-reply } }
 set ethers { type ether_type; elements = { ip, ip6, 0x9000 } }
 set kinds { typeof meta pkttype; elements = { host, broadcast } }
 set versions { typeof meta nfproto; elements = { ipv4 } }
 set days { typeof meta day; elements = { "Sunday", "Monday" } }
 set sizes { typeof tcp option maxseg size; elements = { 100, 200 } }
 set vlans { typeof vlan id; elements = { 3, 4095 } }
 set raws { typeof @th,16,16; elements = { 100, 200 } }
 set addrtypes { typeof fib daddr type; elements = { local, multicast } }
 set ipt { typeof iifname . ip saddr . ip daddr . meta l4proto . th dport; flags interval;
   elements = { "eth0" . 10.0.0.0/8 . 0.0.0.0/0 . tcp . 22-23, "lo" . 127.0.0.1 . 127.0.0.1 . udp . 53 } }
 set timed { type ipv4_addr; flags timeout; elements = { 1.2.3.4 timeout 90h, 1.2.3.5, 1.2.3.6 timeout 9h expires 4h } }
 set counted { type ipv4_addr; counter; elements = { 1.2.3.4 counter packets 5 bytes 9, 1.2.3.5 comment "x } , :" } }
 set limited { type ipv4_addr; limit rate 5/second; elements = { 1.2.3.4 limit rate 5/second } }
 set empty { type ipv4_addr; }
 map answers { type ipv4_addr : mark; elements = { 1.2.3.4 : 7, 1.2.3.5 : 0x80000000 } }
 map classed { type mark : classid; flags interval; elements = { 1-5 : 1:2, 9 : none } }
 map starred { type ipv4_addr : mark; flags interval; elements = { 10.0.0.0/8 : 1, * : 2 } }
 map ports { type mark : inet_service; elements = { 1 : 22, 2 : 80 } }
 map hosts { type inet_service : ipv4_addr; elements = { 22 : 10.0.0.1 } }
 map hosts6 { type inet_service : ipv6_addr; elements = { 22 : fd00::1 } }
 map verdicts { type ipv4_addr . inet_service : verdict; flags interval;
   elements = { 10.0.0.0/8 . 22 : drop, 11.0.0.0/8 . 1-9 : goto b, 12.0.0.1 . 1 : jump b, 13.0.0.1 . 1 : accept,
                14.0.0.1 . 1 : return, 15.0.0.1 . 1 : continue } }
 map timed_answers { type ifname . mark : mark; flags timeout; counter;
   elements = { "eth0" . 1 timeout 90h : 5, "eth1" . 2 : 6 } }
 map overlapping { type ipv4_addr . inet_service : mark; flags interval; elements = { 10.0.0.0/24 . 80 : 1 } }
}
add element inet t overlapping { 10.0.0.0/8 . 0-1000 : 1 }
table inet t {
 map told_apart { type ipv4_addr . inet_service : mark; flags interval; elements = { 10.0.0.0/24 . 80 : 1 } }
}
add element inet t told_apart { 10.0.0.0/8 . 0-1000 : 2 }
"""

CHAINS = """
table inet whole {
 comment "of every kind"
 chain plain { }
 chain pre { type filter hook prerouting priority raw; policy accept; ct state new accept; }
 chain mid { type filter hook prerouting priority mangle + 5; policy drop; }
 chain nats { type nat hook prerouting priority dstnat; }
 chain ins { type filter hook input priority filter; policy drop; comment "who comes in"
  iif "lo" accept comment "self"
  goto plain
 }
 chain outs { type filter hook output priority security - 1; }
 chain over { type filter hook forward priority 17; }
 chain post { type nat hook postrouting priority srcnat + 10; }
 chain early { type filter hook ingress device "lo" priority -500; }
}
table inet asleep {
 flags dormant
 chain ins { type filter hook input priority 3; policy drop; }
}
table ip old {
 chain outs { type route hook output priority mangle; }
}
table ip6 six {
 chain post { type filter hook postrouting priority filter - 7; }
}
table bridge br {
 chain over { type filter hook forward priority filter; policy drop; }
 chain pre { type filter hook prerouting priority dstnat; }
 chain outs { type filter hook output priority out + 1; }
 chain post { type filter hook postrouting priority srcnat; }
}
table netdev dev {
 chain ins { type filter hook ingress device "lo" priority 0; policy drop; }
}
table arp arps {
 chain ins { type filter hook input priority filter; }
}
"""
KEPT = {-300, -145, -100, 0, 49, 17, 110, -500, 3, -150, -7, -200, 101, 300}
"""The priorities of CHAINS, as numbers (nft(8))."""
