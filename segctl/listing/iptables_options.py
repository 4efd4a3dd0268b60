"""Which options iptables' matches and targets have, and how many words each takes; nothing of what they mean.

Taken from the manual pages iptables-extensions(8) of 1.2 to 1.8. `a|b` are names of one option, the first is the one
that we use; `:0`, `:2` the words it takes where that isn't one.
"""

Names = dict[str, tuple[str, int]]
"""Any name of an option, without dashes: its first name, and the words that it takes."""

_PORTS = "sport|source-port dport|destination-port"
_MARKS = "set-xmark set-mark and-mark or-mark xor-mark"
_NAT = "random:0 random-fully:0 persistent:0"
_LOG = "log-level log-prefix log-tcp-sequence:0 log-tcp-options:0 log-ip-options:0 log-uid:0 log-macdecode:0"
_HASHLIMIT = (
    "hashlimit-upto|hashlimit hashlimit-above hashlimit-burst hashlimit-mode hashlimit-srcmask hashlimit-dstmask"
    " hashlimit-name hashlimit-htable-size hashlimit-htable-max hashlimit-htable-expire hashlimit-htable-gcinterval"
    " hashlimit-rate-match:0 hashlimit-rate-interval"
)

_MATCHES = {
    "tcp": f"{_PORTS} tcp-flags:2 syn:0 tcp-option",
    "udp": _PORTS,
    "udplite": _PORTS,
    "sctp": f"{_PORTS} chunk-types:2",
    "dccp": f"{_PORTS} dccp-types dccp-option",
    "icmp": "icmp-type",
    "icmp6": "icmpv6-type|icmp6-type",
    "esp": "espspi",
    "ah": "ahspi ahlen ahres:0",
    "ipcomp": "ipcompspi compres:0",
    "mh": "mh-type",
    "multiport": "sports|source-ports dports|destination-ports ports|port",
    "iprange": "src-range dst-range",
    "mac": "mac-source",
    "mark": "mark",
    "connmark": "mark",
    "state": "state",
    "conntrack": "ctstate ctproto ctorigsrc ctorigdst ctreplsrc ctrepldst ctorigsrcport ctorigdstport ctreplsrcport"
    " ctrepldstport ctstatus ctexpire ctdir",
    "addrtype": "src-type dst-type limit-iface-in:0 limit-iface-out:0",
    "pkttype": "pkt-type",
    "length": "length",
    "ttl": "ttl-eq|ttl ttl-gt ttl-lt",
    "hl": "hl-eq|hl hl-gt hl-lt",
    "dscp": "dscp dscp-class",
    "tos": "tos",
    "ecn": "ecn-tcp-cwr:0 ecn-tcp-ece:0 ecn-ip-ect",
    "devgroup": "src-group dst-group",
    "comment": "comment",
    "nfacct": "nfacct-name",
    "set": "match-set:2 set:2 return-nomatch:0 update-counters:0 update-subcounters:0 packets-eq packets-lt packets-gt"
    " bytes-eq bytes-lt bytes-gt",
    "recent": "set:0 rcheck:0 update:0 remove:0 seconds reap:0 hitcount rttl:0 name rsource:0 rdest:0 mask",
    "frag": "fragid fraglen fragres:0 fragfirst:0 fragmore:0 fraglast:0",
    "rt": "rt-type rt-segsleft rt-len rt-0-res:0 rt-0-addrs rt-0-not-strict:0",
    "hbh": "hbh-len hbh-opts",
    "dst": "dst-len dst-opts",
    "ipv6header": "header soft:0",
    "eui64": "",
    "physdev": "physdev-in physdev-out physdev-is-in:0 physdev-is-out:0 physdev-is-bridged:0",
    "limit": "limit limit-burst",
    "hashlimit": _HASHLIMIT,
    "connlimit": "connlimit-upto connlimit-above connlimit-mask connlimit-saddr:0 connlimit-daddr:0",
    "connbytes": "connbytes connbytes-dir connbytes-mode",
    "connlabel": "label set:0",
    "cluster": "cluster-total-nodes cluster-local-node cluster-local-nodemask cluster-hash-seed",
    "cgroup": "path cgroup",
    "bpf": "object-pinned bytecode",
    "cpu": "cpu",
    "helper": "helper",
    "ipvs": "ipvs:0 vproto vaddr vport vdir vmethod vportctl",
    "nth": "every counter start packet",
    "osf": "genre ttl log",
    "owner": "uid-owner gid-owner pid-owner sid-owner cmd-owner socket-exists:0 suppl-groups:0",
    "policy": "dir pol strict:0 next:0 reqid spi proto mode tunnel-src tunnel-dst",
    "quota": "quota",
    "random": "average",
    "rateest": "rateest rateest1 rateest2 rateest-delta:0 rateest-lt:0 rateest-gt:0 rateest-eq:0 rateest-bps1"
    " rateest-bps2 rateest-pps1 rateest-pps2",
    "realm": "realm",
    "rpfilter": "loose:0 validmark:0 accept-local:0 invert:0",
    "socket": "transparent:0 nowildcard:0 restore-skmark:0",
    "statistic": "mode probability every packet",
    "string": "algo from to string hex-string icase:0",
    "tcpmss": "mss",
    "time": "datestart datestop timestart timestop monthdays weekdays days contiguous:0 kerneltz:0 utc:0 localtz:0",
    "u32": "u32",
}

_TARGETS = {
    "ACCEPT": "",
    "DROP": "",
    "RETURN": "",
    "QUEUE": "",
    "REJECT": "reject-with",
    "NFQUEUE": "queue-num queue-balance queue-bypass:0 queue-cpu-fanout:0",
    "LOG": _LOG,
    "NFLOG": "nflog-group nflog-prefix nflog-range nflog-size nflog-threshold",
    "ULOG": "ulog-nlgroup ulog-prefix ulog-cprange ulog-qthreshold",
    "TRACE": "",
    "AUDIT": "type",
    "CHECKSUM": "checksum-fill:0",
    "TCPMSS": "set-mss clamp-mss-to-pmtu:0",
    "TCPOPTSTRIP": "strip-options",
    "RATEEST": "rateest-name rateest-interval rateest-ewmalog",
    "IDLETIMER": "timeout label alarm:0",
    "LED": "led-trigger-id led-delay led-always-blink:0",
    "MARK": _MARKS,
    "CONNMARK": f"{_MARKS} save-mark:0 restore-mark:0 nfmask ctmask mask left-shift-mark right-shift-mark",
    "HMARK": "hmark-tuple hmark-mod hmark-offset hmark-src-prefix hmark-dst-prefix hmark-sport-mask hmark-dport-mask"
    " hmark-spi-mask hmark-proto-mask hmark-rnd",
    "CLASSIFY": "set-class",
    "TOS": "set-tos and-tos or-tos xor-tos",
    "DSCP": "set-dscp set-dscp-class",
    "TTL": "ttl-set ttl-dec ttl-inc",
    "HL": "hl-set hl-dec hl-inc",
    "ECN": "ecn-tcp-remove:0 ecn-tcp-cwr ecn-tcp-ece ecn-ip-ect",
    "SECMARK": "selctx",
    "CONNSECMARK": "save:0 restore:0",
    "NOTRACK": "",
    "CT": "notrack:0 helper ctevents expevents timeout zone zone-orig zone-reply",
    "DNAT": f"to-destination {_NAT}",
    "SNAT": f"to-source {_NAT}",
    "MASQUERADE": f"to-ports {_NAT}",
    "REDIRECT": f"to-ports {_NAT}",
    "NETMAP": "to",
    "SAME": f"to nodst:0 {_NAT}",
    "TPROXY": "on-port on-ip tproxy-mark",
    "SYNPROXY": "mss wscale sack-perm:0 timestamp:0 ecn:0",
    "SET": "add-set:2 del-set:2 map-set:2 exist:0 timeout map-mark:0 map-prio:0 map-queue:0",
    "TEE": "gateway oif",
}


def _names(said: str) -> Names:
    out: Names = {}
    for one in said.split():
        names, _, takes = one.partition(":")
        first = names.split("|")[0]
        out |= {name: (first, int(takes or 1)) for name in names.split("|")}
    return out


MATCHES: dict[str, Names] = {name: _names(said) for name, said in _MATCHES.items()}
MATCHES["icmpv6"] = MATCHES["icmp6"]
TARGETS: dict[str, Names] = {name: _names(said) for name, said in _TARGETS.items()}

IMPLIED = {
    "tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp", "udplite": "udplite", "136": "udplite",
    "sctp": "sctp", "132": "sctp", "dccp": "dccp", "33": "dccp", "icmp": "icmp", "1": "icmp",
    "icmpv6": "icmp6", "ipv6-icmp": "icmp6", "58": "icmp6", "esp": "esp", "50": "esp", "ah": "ah", "51": "ah",
}  # fmt: skip
"""A protocol as `-p` names it: the match that it loads by itself where an option needs it."""
