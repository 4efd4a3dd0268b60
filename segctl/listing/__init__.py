"""What a kernel or a saved file says, parsed to types; what isn't understood keeps its words and its place.

In: the text of `nft -j`, `nft list`, `iptables-save`, `ip6tables-save`, `ipset save`, or elements as the kernel packs
them. Out: a `Listing`. Never in it: what a rule ought to say, the site, the compiler, a kernel, a process.
"""

from segctl.listing.rule import Listing, Unreadable

__all__ = ["Listing", "Unreadable"]
