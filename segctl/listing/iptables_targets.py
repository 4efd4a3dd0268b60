"""What iptables' targets do with a packet, in nft's words and as the kernel's xt_*.c, ipt_*.c and ip6t_*.c do it.

Most targets that set something let the packet go on behind the rule (XT_CONTINUE), as nft's statements do.
"""

from collections.abc import Callable

from segctl.listing.iptables_cases import Around
from segctl.listing.iptables_cases import load as field
from segctl.listing.iptables_fields import tos
from segctl.listing.iptables_values import FULL, NotModelled, number, value_mask
from segctl.listing.iptables_words import Option, Part
from segctl.listing.rule import (
    Aside,
    Assign,
    Bits,
    Constant,
    Decide,
    Ending,
    Expression,
    Family,
    Load,
    Opaque,
    Statement,
    Strange,
    Translate,
    Untrack,
    Update,
    Verdict,
)
from segctl.listing.words import WORDS

Done = tuple[Statement, ...]


def target(part: Part | None, goto: bool, around: Around, chains: frozenset[str]) -> Done:
    """What a rule does with a packet that fits; without a target it only counts."""
    if part is None or not part.name:
        return (Aside("no target"),)
    text = _text(part, goto)
    if goto or (part.name in chains and part.name not in _STANDARD):
        if part.name not in chains or part.options:
            return (Opaque(text),)
        return (Decide(Verdict(Ending.GOTO if goto else Ending.JUMP, part.name)),)
    reader = _READERS.get(part.name)
    if reader is None:
        return (Opaque(text),)
    try:
        return reader(part, text, around)
    except NotModelled:
        return (Opaque(text),)


def _text(part: Part, goto: bool) -> str:
    return " ".join([f"{'-g' if goto else '-j'} {part.name}", *map(str, part.options)])


Reader = Callable[[Part, str, Around], Done]


def _verdict(ending: Ending) -> Reader:
    return lambda part, text, around: (Decide(Verdict(ending), text if ending is Ending.QUEUE else ""),)


def _reject(part: Part, text: str, around: Around) -> Done:
    option = part.get("reject-with")
    usual = "icmp6-port-unreachable" if around.family is Family.IP6 else "icmp-port-unreachable"
    return (Decide(Verdict(Ending.REJECT), option.value if option else usual),)


def _aside(part: Part, text: str, around: Around) -> Done:
    return (Aside(text),)


def _translate(part: Part, text: str, around: Around) -> Done:
    return (Translate(text),)


def _opaque(part: Part, text: str, around: Around) -> Done:
    return (Opaque(text),)


def _changed(load: Load, clear: int, flip: int) -> Expression:
    """`(load & ~clear) ^ flip`."""
    full = (1 << load.bits) - 1
    return Constant(flip & full) if clear & full == full else Bits(load, full & ~clear, flip & full)


def _set_mark(name: str, option: Option) -> Assign:
    """The five ways to give a mark, of MARK and CONNMARK alike (libxt_MARK.c)."""
    load = field(name)
    if option.name in ("set-xmark", "set-mark"):
        value, mask = value_mask(option.value)
        return Assign(name, _changed(load, mask if option.name == "set-xmark" else mask | value, value))
    bits = number(option.value)
    clear, flip = {"and-mark": (FULL & ~bits, 0), "or-mark": (bits, bits), "xor-mark": (0, bits)}[option.name]
    return Assign(name, _changed(load, clear, flip))


def _mark(part: Part, text: str, around: Around) -> Done:
    if len(part.options) != 1:
        return (Opaque(text),)
    return (_set_mark("meta mark", part.options[0]),)


_MASKS = frozenset({"nfmask", "ctmask", "mask"})
_SHIFTS = frozenset({"left-shift-mark", "right-shift-mark"})


def _connmark(part: Part, text: str, around: Around) -> Done:
    """connmark_tg: without a connection nothing is done, and a rule has nothing behind its target to be kept from."""
    doing = [option for option in part.options if option.name not in _MASKS | _SHIFTS]
    if len(doing) != 1:
        return (Opaque(text),)
    if doing[0].name not in ("save-mark", "restore-mark"):
        return (_set_mark("ct mark", doing[0]),) if len(part.options) == 1 else (Opaque(text),)
    to, by = ("ct mark", "meta mark") if doing[0].name == "save-mark" else ("meta mark", "ct mark")
    masks = {option.name: number(option.value) for option in part.options if option.name in _MASKS}
    packet, connection = (masks.get(name, masks.get("mask", FULL)) for name in ("nfmask", "ctmask"))
    clear, take = (connection, packet) if to == "ct mark" else (packet, connection)
    if (clear != FULL and take) or any(option.name in _SHIFTS for option in part.options):
        return (Assign(to, Strange(text)),)  # one mark's bits beside the other's
    if not take:
        return (Assign(to, _changed(field(to), clear, 0)),)
    return (Assign(to, field(by) if take == FULL else Bits(field(by), take)),)


def _unknown_mark(part: Part, text: str, around: Around) -> Done:
    return (Assign("meta mark", Strange(text)),)


def _classify(part: Part, text: str, around: Around) -> Done:
    option = part.get("set-class")
    major, colon, minor = (option.value if option else "").partition(":")
    if not colon:
        return (Opaque(text),)
    return (Assign("meta priority", Constant(number(f"0x{major}", 0xFFFF) << 16 | number(f"0x{minor}", 0xFFFF))),)


def _dscp(part: Part, text: str, around: Around) -> Done:
    if len(part.options) != 1:
        return (Opaque(text),)
    option = part.options[0]
    value = WORDS["dscp"].get(option.value.lower()) if option.name == "set-dscp-class" else number(option.value, 63)
    return (Opaque(text),) if value is None else (Assign(f"{around.ip} dscp", Constant(value)),)


def _tos(part: Part, text: str, around: Around) -> Done:
    if len(part.options) != 1:
        return (Opaque(text),)
    option = part.options[0]
    if option.name == "set-tos":
        flip, clear = tos(option.value)
    else:
        bits = number(option.value, 255)
        clear, flip = {"and-tos": (255 & ~bits, 0), "or-tos": (bits, bits), "xor-tos": (0, bits)}[option.name]
    dscp, ecn = field(f"{around.ip} dscp"), field(f"{around.ip} ecn")
    out: list[Statement] = [Assign(dscp.field, _changed(dscp, clear >> 2, flip >> 2))]
    if (clear | flip) & 3:
        out.append(Assign(ecn.field, _changed(ecn, clear & 3, flip & 3)))
    return tuple(out)


def _hops(part: Part, text: str, around: Around) -> Done:
    name = "ip6 hoplimit" if part.name == "HL" else "ip ttl"
    if len(part.options) != 1:
        return (Opaque(text),)
    option = part.options[0]
    fixed = option.name.endswith("-set")
    return (Assign(name, Constant(number(option.value, 255)) if fixed else Strange(text)),)


def _ecn(part: Part, text: str, around: Around) -> Done:
    if [option.name for option in part.options] != ["ecn-tcp-remove"]:
        return (Opaque(text),)
    return (Assign("tcp flags", Bits(field("tcp flags"), 0x3F)),)


def _notrack(part: Part, text: str, around: Around) -> Done:
    return (Untrack(),)


def _ct(part: Part, text: str, around: Around) -> Done:
    names = {option.name for option in part.options}
    if names == {"notrack"}:
        return (Untrack(),)
    return (Aside(text),) if names <= {"ctevents", "expevents"} else (Opaque(text),)


def _tproxy(part: Part, text: str, around: Around) -> Done:
    mark = part.get("tproxy-mark")
    if mark is None:
        return (Translate(text),)
    value, mask = value_mask(mark.value)
    return (Assign("meta mark", _changed(field("meta mark"), mask, value)), Translate(text))


def _set(part: Part, text: str, around: Around) -> Done:
    """SET adds and deletes; `--map-set` takes a mark, a priority, a queue from the set's element."""
    out: list[Statement] = [
        Update(option.values[0], text) for option in part.options if option.name in ("add-set", "del-set")
    ]
    if part.get("map-set"):
        fields = {"map-mark": "meta mark", "map-prio": "meta priority"}
        out += [Assign(fields[option.name], Strange(text)) for option in part.options if option.name in fields]
    return tuple(out) or (Aside(text),)


def written_set(part: Part | None) -> set[str]:
    """The sets that a target changes."""
    if part is None or part.name != "SET":
        return set()
    return {option.values[0] for option in part.options if option.name in ("add-set", "del-set")}


_STANDARD = frozenset({"ACCEPT", "DROP", "RETURN", "QUEUE"})

_READERS: dict[str, Reader] = {
    "ACCEPT": _verdict(Ending.ACCEPT),
    "DROP": _verdict(Ending.DROP),
    "RETURN": _verdict(Ending.RETURN),
    **dict.fromkeys(("QUEUE", "NFQUEUE"), _verdict(Ending.QUEUE)),
    "REJECT": _reject,
    # They take the packet and answer in its place.
    **dict.fromkeys(("SYNPROXY", "TARPIT"), lambda part, text, around: (Decide(Verdict(Ending.STOLEN), text),)),
    **dict.fromkeys(("LOG", "NFLOG", "ULOG", "TRACE", "AUDIT", "RATEEST", "IDLETIMER", "LED"), _aside),
    **dict.fromkeys(("CHECKSUM", "TCPMSS", "TCPOPTSTRIP", "SECMARK", "CONNSECMARK"), _aside),
    **dict.fromkeys(("DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP", "SAME"), _translate),
    "TPROXY": _tproxy,
    "NOTRACK": _notrack,
    "CT": _ct,
    "MARK": _mark,
    "CONNMARK": _connmark,
    "HMARK": _unknown_mark,
    "CLASSIFY": _classify,
    "DSCP": _dscp,
    "TOS": _tos,
    **dict.fromkeys(("TTL", "HL"), _hops),
    "ECN": _ecn,
    "SET": _set,
    "TEE": _opaque,  # a copy goes elsewhere
}
