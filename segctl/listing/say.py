"""JSON of libnftables-json(5) in words near nft(8)'s: for people, never read again."""

from typing import Any

Said = Any

MALFORMED = (KeyError, IndexError, TypeError, ValueError, AttributeError)
"""What a reader meets in a document that isn't as libnftables-json(5) says."""


def say(said: Said) -> str:
    """A statement, expression or constant in one line."""
    if isinstance(said, bool):
        return "exists" if said else "missing"
    if isinstance(said, list):
        return ",".join(map(say, said))
    if not isinstance(said, dict):
        return str(said)
    if len(said) != 1:
        return _pairs(said)
    ((kind, about),) = said.items()
    if isinstance(about, dict) and "words" in about:
        return str(about["words"])
    if kind in _OPERATORS and isinstance(about, list):
        return f" {kind} ".join(f"({say(one)})" if _operation(one) else say(one) for one in about)
    writer = _WRITERS.get(kind)
    try:
        if writer is not None:
            return str(writer(about))
    except MALFORMED:
        pass
    return f"{kind} {say(about)}".rstrip() if about is not None else kind


_OPERATORS = frozenset({"&", "|", "^", "<<", ">>"})


def _operation(said: Said) -> bool:
    return isinstance(said, dict) and len(said) == 1 and not _OPERATORS.isdisjoint(said)


def _pairs(about: Said) -> str:
    if not isinstance(about, dict):
        return say(about)
    return " ".join(say(value) if key == "key" else f"{key} {say(value)}" for key, value in about.items())


def _match(about: Said) -> str:
    operator = about.get("op", "==")
    said = "" if operator in ("==", "in", "implicit") else f"{operator} "
    left = say(about["left"])
    if operator == "==" and (_operation(about["left"]) or about["left"].keys() & {"map"}):
        said = "== "
    return f"{left} {said}{say(about['right'])}"


def _set(about: Said) -> str:
    if isinstance(about, dict):  # the statement
        inner = "".join(f" {say(one)}" for one in about.get("stmt", ()))
        return f"{about['op']} {about['set']} {{ {say(about['elem'])}{inner} }}"
    listed = about if isinstance(about, list) else [about]
    return "{ " + ", ".join(_pair(one) for one in listed) + " }"


def _mapped(about: Said) -> str:
    return f"{say(about['key'])} map {say(about['data'])}"


def _pair(one: Said) -> str:
    return f"{say(one[0])} : {say(one[1])}" if isinstance(one, list) and len(one) == 2 else say(one)


def _elem(about: Said) -> str:
    return say(about["val"]) + "".join(f" {key} {say(value)}" for key, value in about.items() if key != "val")


def _ct(about: Said) -> str:
    return " ".join(str(about[key]) for key in ("dir", "family", "key") if key in about)


def _payload(about: Said) -> str:
    if "base" in about:
        return f"@{about['base']},{about['offset']},{about['len']}"
    return f"{about['protocol']} {about['field']}"


def _fib(about: Said) -> str:
    flags = about["flags"] if isinstance(about["flags"], list) else [about["flags"]]
    return f"fib {' . '.join(flags)} {about['result']}"


def _meta(about: Said) -> str:
    bare = ("iif", "oif", "iifname", "oifname", "iifgroup", "oifgroup")
    return str(about["key"]) if about["key"] in bare else f"meta {about['key']}"


def _option(kind: str) -> Any:
    def writer(about: Said) -> str:
        if "base" in about:
            return f"{kind} @{about['base']},{about['offset']},{about['len']}"
        return " ".join([kind, *(str(about[key]) for key in ("name", "field") if key in about)])

    return writer


def _extension(about: Said) -> str:
    return f"{about['name']} {about['field']}" if "field" in about else f"exthdr {about['name']}"


def _named(kind: str, about: Said) -> str | None:
    """`counter name "x"`, or by a map; None for one that stands in the rule."""
    if isinstance(about, str):
        return f'{kind} name "{about}"'
    return f"{kind} name {say(about)}" if isinstance(about, dict) and "map" in about else None


def _set_by_name(kind: str) -> Any:
    def writer(about: Said) -> str:
        return f'{kind} set "{about}"' if isinstance(about, str) else f"{kind} set {say(about)}"

    return writer


def _limit(about: Said) -> str:
    over = "over " if about.get("inv") else ""
    unit = f" {about['rate_unit']}" if "rate_unit" in about else ""
    burst = f" burst {about['burst']} {about.get('burst_unit', 'packets')}" if "burst" in about else ""
    return f"limit rate {over}{about['rate']}{unit}/{about['per']}{burst}"


def _quota(about: Said) -> str:
    return f"quota {'over ' if about.get('inv') else ''}{about['val']} {about.get('val_unit', 'bytes')}"


def _reject(about: Said) -> str:
    if not about:
        return "reject"
    return f"reject with {about['type']} {about.get('expr', '')}".rstrip()


def _elsewhere(kind: str) -> Any:
    """`dup` and `fwd`: an address, a device, or both."""

    def writer(about: Said) -> str:
        to, device = about.get("addr"), about.get("dev")
        family = f" {about['family']}" if "family" in about else ""
        if to is None:
            return f"{kind} to {device}"
        return f"{kind}{family} to {say(to)}" + (f" device {device}" if device else "")

    return writer


def _nat(kind: str) -> Any:
    def writer(about: Said) -> str:
        if about is None:
            return kind
        family = f" {about['family']}" if "family" in about else ""
        port = f":{say(about['port'])}" if "port" in about else ""
        to = f" to {say(about['addr']) if 'addr' in about else ''}{port}" if port or "addr" in about else ""
        flags = f" {say(about['flags'])}" if "flags" in about else ""
        return f"{kind}{family}{to}{flags}"

    return writer


def _generated(kind: str) -> Any:
    """`numgen`, `jhash`, `symhash`."""

    def writer(about: Said) -> str:
        offset = "".join(f" {key} {about[key]}" for key in ("seed", "offset") if about.get(key))
        of = about.get("mode") or (say(about["expr"]) if "expr" in about else "")
        return f"{kind} {of} mod {about['mod']}{offset}".replace("  ", " ")

    return writer


_WRITERS: dict[str, Any] = {
    "match": _match,
    "payload": _payload,
    "meta": _meta,
    "ct": lambda about: f"ct {_ct(about)}",
    "fib": _fib,
    "exthdr": _extension,
    "tcp option": _option("tcp option"),
    "ip option": _option("ip option"),
    "sctp chunk": _option("sctp chunk"),
    "concat": lambda about: " . ".join(map(say, about)),
    "prefix": lambda about: f"{say(about['addr'])}/{about['len']}",
    "range": lambda about: f"{say(about[0])}-{say(about[1])}",
    "elem": _elem,
    "set": _set,
    "map": lambda about: _set({**about, "set": about["map"]}) if "op" in about else _mapped(about),
    "vmap": lambda about: f"{say(about['key'])} vmap {say(about['data'])}",
    "mangle": lambda about: f"{say(about['key'])} set {say(about['value'])}",
    "jump": lambda about: f"jump {about['target']}",
    "goto": lambda about: f"goto {about['target']}",
    "counter": lambda about: _named("counter", about) or "counter",
    "last": lambda about: "last",
    "ct count": lambda about: f"ct count {'over ' if about.get('inv') else ''}{about['val']}",
    **{kind: _set_by_name(kind) for kind in ("ct helper", "ct timeout", "ct expectation")},
    "synproxy": lambda about: f'synproxy name "{about}"' if isinstance(about, str) else f"synproxy {_pairs(about)}",
    "limit": lambda about: _named("limit", about) or _limit(about),
    "quota": lambda about: _named("quota", about) or _quota(about),
    "reject": _reject,
    **{kind: _nat(kind) for kind in ("snat", "dnat", "masquerade", "redirect", "tproxy")},
    "dup": _elsewhere("dup"),
    "fwd": _elsewhere("fwd"),
    **{kind: _generated(kind) for kind in ("numgen", "jhash", "symhash")},
    "log": lambda about: f"log {_pairs(about)}" if about else "log",
}
