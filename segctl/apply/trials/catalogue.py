"""Every fact that our rules rely on, in the order in which it is tried: tools first, as all others need them."""

from segctl.apply.trials import answers, connections, lookups, tables
from segctl.apply.trials.trial import Trial, on_bench

_NFT = f"apt install nftables, {'.'.join(map(str, tables.OLDEST_NFT))} or newer"
_TABLES = "a kernel with CONFIG_NF_TABLES and CONFIG_NF_TABLES_INET"
_TRACKED = "a kernel with CONFIG_NF_CONNTRACK and CONFIG_NFT_CT"
_MARKED = "a kernel with CONFIG_NF_CONNTRACK_MARK and CONFIG_NF_CT_NETLINK"
_NEWER = "a newer kernel: all facts hold in Linux 6.18"

TRIALS: tuple[Trial, ...] = (
    Trial(
        "nft", "nft is here, and new enough",
        "no rule can be loaded, or not as it was proven", _NFT, tables.the_tools,
    ),
    Trial(
        "conntrack", "conntrack is here, and the kernel tells it of connections",
        "connections that are there before the first apply can't be adopted, and end", "apt install conntrack",
        tables.conntrack_lists,
    ),
    Trial(
        "json", "nft tells as JSON what the kernel holds",
        "nothing can be proven, as nothing can be read", f"{_NFT}, built with JSON", tables.told_as_json,
    ),
    Trial(
        "check", "nft says whether it would take rules, and changes nothing",
        "rules that nft refuses are found out only half-way", _NFT, tables.checked,
    ),
    Trial(
        "hooks", "a table of family inet stands on forward, input and output, for IPv4 and IPv6",
        "nothing is enforced", _TABLES, tables.hooks,
    ),
    Trial(
        "order", "of two tables on one hook a drop is final, an accept is not",
        "what holds across generations could be overruled", _NEWER, tables.order,
    ),
    Trial(
        "read back", "what was loaded is read back as the same rules every time",
        "a generation that somebody meddled with would be woken", _NEWER, tables.read_back,
    ),
    Trial(
        "dormant", "a table with the flag `dormant` does nothing until it is woken",
        "a generation would act before it is proven", _NEWER, tables.dormant,
    ),
    Trial(
        "flip", "one transaction wakes a table and puts another to sleep",
        "there is no change of rules without a hole", _NEWER, tables.flip,
    ),
    Trial(
        "flip's guard", "a flip to a slot that doesn't hold what was proven fails whole",
        "a slot that is gone, or another's, would be woken", _NEWER, tables.guard,
    ),
    Trial(
        "elements", "elements of every kind of map go in and come out by netlink",
        "large sites can't be loaded, and nothing of them be compared", _NEWER, tables.elements,
    ),
    Trial(
        "size", "a set takes as many elements as its size, and not one more",
        "what packets add to a set could fill the memory", _NEWER, tables.size,
    ),
    Trial(
        "classes", "ranges of IPv4 and IPv6 addresses lead to classes, in the packet's mark and priority",
        "no packet is known by its segment", _NEWER, on_bench("classes", lookups.classes, rules=lookups.Classes()),
    ),
    Trial(
        "masked key", "parts of a key are masked within a look-up",
        "flows between whole segments are not found", _NFT,
        on_bench("lookups", lookups.masked_key, stage=lookups.stage("port")),
    ),
    Trial(
        "ICMP types", "ICMP and ICMPv6 are looked up by their type",
        "a ping would be looked up as something else", _NEWER,
        on_bench("lookups", lookups.icmp_types, stage=lookups.stage("icmp4", "icmp6")),
    ),
    Trial(
        "verdict maps", "a map leads to a chain, by jump and by goto",
        "ranges of ports, and what is refused, are not found", _NEWER, on_bench("verdicts", lookups.verdicts),
    ),
    Trial(
        "element counters", "each element counts the packets that hit it",
        "nobody knows which flow is in use", "Linux 5.7 or newer", lookups.counters,
    ),
    Trial(
        "own packets", "packets to and from the machine itself have no interface on one side",
        "the machine's own connections get no number, and end", _NEWER, on_bench("own", lookups.own_packets),
    ),
    Trial(
        "states", "connections are new, established or invalid, packets original or reply",
        "answers can't be told from attacks", _TRACKED, connections.states,
    ),
    Trial(
        "opening", "TCP that doesn't begin with SYN alone is told from TCP that does",
        "a lone ACK would open a connection", _TRACKED, on_bench("opening", connections.opening),
    ),
    Trial(
        "priming", "a table that sleeps already makes the kernel track connections, TCP also mid-stream",
        "connections in use end with the first apply", _TRACKED, connections.priming,
    ),
    Trial(
        "numbers", "a connection gets its number by its interfaces, can be renumbered, and cut by it",
        "no connection is known by the line that allows it", _MARKED, connections.numbers,
    ),
    Trial(
        "live", "established passes by both interfaces and its number, one bit of it masked",
        "answers are lost, or pass by a wrong interface", _MARKED, connections.live,
    ),
    Trial(
        "live ends", "an element that ends takes the connections with it that it kept alive",
        "what is allowed for a time would stay allowed", _NEWER, connections.live_ends,
    ),
    Trial(
        "ends asleep", "elements end in a table that sleeps, too",
        "a rollback would bring back what has ended", _NEWER, connections.ends_asleep,
    ),
    Trial(
        "refusals", "a refused packet is answered by reset or ICMP, and the answer passes our own output",
        "who is refused waits instead of being told", "a kernel with CONFIG_NFT_REJECT_INET",
        on_bench("refusing", answers.refusals),
    ),
    Trial(
        "log", "what is logged comes to who listens to group 7",
        "refusals can't be told", "a kernel with CONFIG_NFT_LOG and CONFIG_NETFILTER_NETLINK_LOG", answers.log,
    ),
)  # fmt: skip
"""In the order of `segctl doctor`."""
