"""How nf_tables numbers the parts of sets and their elements (linux/netfilter/nf_tables.h), and what a set is."""

from dataclasses import dataclass

NFT = 10 << 8  # NFNL_SUBSYS_NFTABLES
GETTABLE, GETSET = NFT | 1, NFT | 10
NEWSETELEM, GETSETELEM, DELSETELEM = NFT | 12, NFT | 13, NFT | 14
GETGEN = NFT | 16
INET = 1  # NFPROTO_INET

# Attributes of a list of elements, of one element, of its data, of a verdict.
LIST_TABLE, LIST_SET, LIST_ELEMENTS = 1, 2, 3
LIST_ELEM = 1
KEY, DATA, FLAGS, TIMEOUT, EXPIRATION, USERDATA, EXPR, PAD, OBJREF, KEY_END, EXPRESSIONS = range(1, 12)
VALUE, VERDICT = 1, 2
CODE, CHAIN = 1, 2

INTERVAL_END, CATCHALL = 1, 2  # flags of an element
SET_INTERVAL, SET_MAP, SET_TIMEOUT, SET_EVAL, SET_CONCAT = 0x4, 0x8, 0x10, 0x20, 0x80  # flags of a set

VERBS = {"drop": 0, "accept": 1, "continue": -1, "jump": -3, "goto": -4, "return": -5}
"""Verdicts as the kernel numbers them; only `jump` and `goto` name a chain."""


@dataclass(frozen=True, slots=True)
class SetInfo:
    """A named set or map as the kernel declares it.

    `key_length` and `data_length` in bytes; `data_length` is None for a set and for a verdict map; `size` None: any.
    """

    name: str
    flags: int
    key_length: int
    data_length: int | None = None
    verdict: bool = False
    size: int | None = None

    @property
    def interval(self) -> bool:
        """Its elements are ranges, each held as a start and an end (an rbtree)."""
        return bool(self.flags & SET_INTERVAL) and not self.flags & SET_CONCAT

    @property
    def concatenated_ranges(self) -> bool:
        """Its elements have a range in each field, held as one (pipapo)."""
        return bool(self.flags & SET_CONCAT)

    @property
    def dynamic(self) -> bool:
        """Rules put elements into it, as packets come by."""
        return bool(self.flags & SET_EVAL)

    @property
    def timeout(self) -> bool:
        """Its elements may end by themselves."""
        return bool(self.flags & SET_TIMEOUT)
