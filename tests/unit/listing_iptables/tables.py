"""Rules for the tables, hooks and targets that iptables has, and what of them isn't modelled."""

FOUR = """
*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -p udp -m udp --dport 53 -j NOTRACK
-A PREROUTING -p tcp -m tcp --dport 80 -j CT --notrack
-A PREROUTING -p tcp -m tcp --dport 21 -j CT --ctevents new,destroy
-A PREROUTING -i eth0 -j TRACE
-A OUTPUT -o eth1 -j RETURN
-A PREROUTING -p tcp -m tcp --dport 2121 -j CT --zone 3
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:marks - [0:0]
-A PREROUTING -j marks
-A marks -j MARK --set-mark 0x10
-A marks -j MARK --set-xmark 0x1/0xff
-A marks -j MARK --and-mark 0xff00
-A marks -j MARK --or-mark 0x8
-A marks -j MARK --xor-mark 0x3
-A marks -j CONNMARK --set-mark 0x5
-A marks -j CONNMARK --set-xmark 0x5/0xf
-A marks -j CONNMARK --save-mark
-A marks -j CONNMARK --restore-mark
-A marks -m connmark --mark 0x5/0xf -j RETURN
-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -m tcpmss --mss 1401:65535 -j TCPMSS --set-mss 1400
-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options timestamp
-A POSTROUTING -j CLASSIFY --set-class 1:10
-A POSTROUTING -p udp -j CHECKSUM --checksum-fill
-A POSTROUTING -j DSCP --set-dscp 0x0a
-A POSTROUTING -j DSCP --set-dscp-class EF
-A POSTROUTING -j TOS --set-tos 0x10/0x3f
-A POSTROUTING -j TTL --ttl-set 64
-A POSTROUTING -j TTL --ttl-dec 1
-A POSTROUTING -p tcp -j ECN --ecn-tcp-remove
-A PREROUTING -p tcp -m tcp --dport 80 -j TPROXY --on-port 3129 --on-ip 127.0.0.1 --tproxy-mark 0x1/0x1
-A FORWARD -j TEE --gateway 10.0.0.9
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.5:8080
-A PREROUTING -p tcp -m tcp --dport 81 -j REDIRECT --to-ports 3128
-A PREROUTING -d 10.1.0.0/24 -j NETMAP --to 10.2.0.0/24
-A OUTPUT -d 10.3.0.1 -j DNAT --to-destination 10.0.0.5
-A INPUT -s 10.4.0.0/16 -j SNAT --to-source 10.0.0.6
-A POSTROUTING -s 10.0.0.0/8 -o eth0 -j MASQUERADE
-A POSTROUTING -s 172.16.0.0/12 -p tcp -j MASQUERADE --to-ports 1024-2048 --random
-A POSTROUTING -s 192.168.0.0/16 -j SNAT --to-source 192.0.2.1-192.0.2.9 --persistent
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:in - [0:0]
:logged - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -m state --state INVALID -j DROP
-A INPUT -g in
-A in -p tcp -m tcp --dport 22 -m recent --rcheck --seconds 60 --hitcount 4 --name ssh -j DROP
-A in -p tcp -m tcp --dport 22 -m recent --set --name ssh -j ACCEPT
-A in -p tcp -m tcp --dport 25 -m connlimit --connlimit-above 5 -j REJECT --reject-with tcp-reset
-A in -p icmp -m limit --limit 5/sec -j ACCEPT
-A OUTPUT -m owner --uid-owner 0
-A in -j logged
-A logged -j LOG --log-prefix "in: \\"x\\" " --log-level 4 --log-uid
-A logged -j NFLOG --nflog-group 5
-A logged -p udp -j REJECT
-A logged -j REJECT --reject-with icmp-admin-prohibited
-A FORWARD -m set --match-set addrs src -j ACCEPT
-A FORWARD -p tcp -j NFQUEUE --queue-num 3 --queue-bypass
-A INPUT -m socket --transparent -j RETURN
-A FORWARD -j SET --add-set addrs src --exist
-A FORWARD -j AUDIT --type drop
-A OUTPUT -o eth+ -m cgroup --cgroup 1 -j DROP
-A OUTPUT -j RATEEST --rateest-name eth0 --rateest-interval 250.0ms --rateest-ewmalog 500.0ms
-A INPUT -p tcp -m tcp --dport 443 -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460
COMMIT
*security
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p tcp -m tcp --dport 79 -j DROP
COMMIT
"""
SIX = """
*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -p udp -m udp --dport 53 -j CT --notrack
-A PREROUTING -m rt --rt-type 0 -j DROP
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -j MARK --set-mark 0x10
-A POSTROUTING -j HL --hl-set 64
-A POSTROUTING -j TOS --set-tos 0x28
-A POSTROUTING -s fd00::/48 -j SNPT --src-pfx fd00::/48 --dst-pfx 2001:db8::/48
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination [fd00::5]:8080
-A POSTROUTING -s fd00::/8 -o eth0 -j MASQUERADE
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:icmp - [0:0]
-A INPUT -p ipv6-icmp -j icmp
-A icmp -p ipv6-icmp -m icmp6 --icmpv6-type router-advertisement -m hl --hl-eq 255 -j ACCEPT
-A icmp -p ipv6-icmp -m icmp6 --icmpv6-type 1/3 -j ACCEPT
-A INPUT -p udp -j REJECT --reject-with icmp6-adm-prohibited
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -s fe80::/10 -p udp -m udp --dport 546 -j ACCEPT
-A FORWARD -j LOG --log-prefix "six "
-A FORWARD -m eui64 -j ACCEPT
COMMIT
"""

NOT_MODELLED = (
    "-j CT --zone 3",  # another zone has other connections
    "-j TEE --gateway 10.0.0.9",  # a copy goes elsewhere
    "-j SNPT --src-pfx fd00::/48 --dst-pfx 2001:db8::/48",  # other addresses, and the rule goes on
)
"""All else above is."""
