"""The matches `state` and `conntrack`: xt_state.c and conntrack_mt of xt_conntrack.c.

Two of its ways need more than one case. `--ctstate NEW,DNAT` is *or*: state NEW, or a connection whose destination was
translated. And a packet without a connection (INVALID, UNTRACKED) that fits `--ctstate` matches, whatever else the same
match asks: `--ctstate INVALID --ctdir REPLY` matches every invalid packet.
"""

from segctl.listing.iptables_cases import NEVER, Around, Case, Cases, load, masked, within
from segctl.listing.iptables_values import NotModelled, bits_of, network, protocol, span
from segctl.listing.iptables_words import Option, Part
from segctl.listing.rule import DIRECTIONS, STATES, Anybit, Maybe

_STATES = {word.upper(): bit for word, bit in STATES.items()}
_NAT = {"SNAT": 0x10, "DNAT": 0x20}  # IPS_SRC_NAT, IPS_DST_NAT (nf_conntrack_common.h)
_STATUS = {"NONE": 0, "EXPECTED": 1, "SEEN_REPLY": 2, "ASSURED": 4, "CONFIRMED": 8}
_WITHOUT = STATES["invalid"] | STATES["untracked"]
_WITH = STATES["new"] | STATES["established"] | STATES["related"]


def conntrack(part: Part, around: Around) -> Cases:
    """The cases of one match."""
    rest = tuple(statement for option in part.options for statement in _asked(option, around))
    state = part.get("ctstate") or part.get("state")
    if state is None:
        if not rest:
            raise NotModelled(str(part))
        return (rest,)
    bits, nat = _split(state)
    if not rest and not nat:
        return ((_state(bits, state.negated),),)
    chosen = (_WITH | _WITHOUT) & ~bits if state.negated else bits
    out: list[Case] = []
    if chosen & _WITHOUT:
        out.append((_state(chosen & _WITHOUT),))
    if chosen & _WITH:
        translated = (Anybit(load("ct status"), nat, True),) if nat and state.negated else ()
        out.append((_state(chosen & _WITH), *translated, *rest))
    if nat and not state.negated and _WITH & ~chosen:
        out.append((_state(_WITH & ~chosen), Anybit(load("ct status"), nat), *rest))
    return tuple(out) or NEVER


def _state(bits: int, negated: bool = False) -> Anybit:
    return Anybit(load("ct state"), bits, negated)


def _split(option: Option) -> tuple[int, int]:
    """The bits of `ct state`, and of `ct status` for SNAT and DNAT."""
    words = option.value.upper().split(",")
    states = [word for word in words if word not in _NAT]
    nat = 0
    for word in words:
        nat |= _NAT.get(word, 0)
    return bits_of(",".join(states), _STATES) if states else 0, nat


def _asked(option: Option, around: Around) -> Case:
    """What an option asks of the connection, the state aside."""
    bang = option.negated
    match option.name:
        case "ctstate" | "state":
            return ()
        case "ctdir":
            direction = DIRECTIONS.get(option.value.lower())
            if direction is None:
                raise NotModelled(str(option))
            (found,) = within(load("ct direction"), [(direction, direction)], bang)
        case "ctstatus":
            found = (Anybit(load("ct status"), bits_of(option.value, _STATUS), bang),)
        case "ctproto":
            asked = protocol(option.value)
            (found,) = within(load("ct original protocol"), [(asked, asked)], bang)
        case "ctexpire":
            found = (Maybe(str(option)),)
        case _:
            (found,) = _end(option, around)
    return found


def _end(option: Option, around: Around) -> Cases:
    """`ctorigsrc` … `ctrepldstport`: an address or port of one direction's tuple."""
    name = option.name.removeprefix("ct")
    direction = "original" if name.startswith("orig") else "reply"
    name = name.removeprefix("orig").removeprefix("repl")
    end = name[:3]
    if name.endswith("port"):
        ports = span(option.value, 0xFFFF)
        return within(load(f"ct {direction} proto-{end}"), [ports], option.negated)
    side = "saddr" if end == "src" else "daddr"
    return masked(load(f"ct {direction} {around.ip} {side}"), *network(option.value, around.family), option.negated)
