"""The text of `nft list ruleset` to a Listing: where JSON is missing, and for the files that people keep.

Read are tables with all that stands in them, in any number of blocks; `define`; comments; and the commands `add` and
`create` of these. The words become what nft would write as JSON, and nft_json.py reads that: one place knows what they
mean. What isn't known within a rule stays in its place, to the rule's end; of whole objects it is a gap.

The text says less than JSON in nothing, and more in this: which tables sleep, and what the rules of iptables-nft
mean, where nft can translate them.
"""

from typing import Any

from segctl.listing import nft_json
from segctl.listing.nft_constants import elements
from segctl.listing.nft_fields import expression
from segctl.listing.nft_rules import statements
from segctl.listing.nft_tokens import Cursor, NotSo, Token, Tokens, tokens_of, words
from segctl.listing.rule import Family, Listing, Unreadable
from segctl.listing.values import seconds

Object = dict[str, Any]

_INCLUDED = "what a file includes isn't read with it: give what `nft list ruleset` says once it is loaded"
_FAMILIES = frozenset(Family)
_OBJECTS = frozenset({"flowtable", "counter", "quota", "limit", "secmark", "synproxy", "ct"})
_PRIORITIES = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100}
_BRIDGE = {"dstnat": -300, "filter": -200, "out": 100, "srcnat": 300}
"""NF_IP_PRI_* and NF_BR_PRI_* (linux/netfilter_ipv4.h, netfilter_bridge.h), by nft's names."""


def parse(text: str) -> Listing:
    """Raises Unreadable, with the line, where the text is no list of tables."""
    reader = _Reader(text, tokens_of(text))
    try:
        reader.file()
    except NotSo as error:
        line = reader.cursor.now.line
        raise Unreadable(f"this isn't what nft would list: {error}", line) from None
    return nft_json.parse({"nftables": reader.objects}, dormant=reader.dormant)


class _Reader:
    """Blocks of text to the objects of a JSON document."""

    def __init__(self, text: str, found: Tokens) -> None:
        self.cursor = Cursor(_spliced(found.tokens) if "$" in text or "define" in text else found.tokens)
        self.handles = found.handles
        self.objects: list[Object] = []
        self.dormant: dict[tuple[str, str], bool] = {}

    def file(self) -> None:
        cursor = self.cursor
        while True:
            cursor.skip_lines()
            if cursor.at >= len(cursor.tokens):
                return
            if cursor.take("flush", "ruleset"):
                self.objects.clear()
            elif cursor.sees("table"):
                self.table()
            elif cursor.sees_any(("add", "create")):
                cursor.next()
                self.command()
            elif cursor.take("include"):
                self.objects.append({"include": words(cursor.statement())})
            else:
                raise NotSo(f"`{cursor.now.text}` doesn't begin a table")

    def place(self) -> tuple[str, str]:
        """`[FAMILY] NAME`; without a family it is ip's."""
        family = self.cursor.word() if self.cursor.now.text in _FAMILIES else "ip"
        return family, self.cursor.word()

    def _handle(self, line: int) -> Object:
        return {"handle": self.handles[line]} if line in self.handles else {}

    def table(self) -> None:
        line = self.cursor.now.line
        self.cursor.expect("table")
        family, name = self.place()
        self.objects.append({"table": {"family": family, "name": name, **self._handle(line)}})
        if not self.cursor.sees("{"):
            return
        self.dormant[family, name] = False  # a block without the flag wakes a table that slept
        within = Cursor(self.cursor.block(), line)
        while True:
            within.skip_lines()
            if within.at >= len(within.tokens):
                return
            if within.take("flags"):
                self.dormant[family, name] = "dormant" in [token.text for token in within.statement()]
            elif within.take("comment"):
                within.word()
            else:
                self.object(within, (family, name))

    def command(self) -> None:
        """`add chain inet t c { … }` and its like."""
        cursor = self.cursor
        if cursor.sees("table"):
            self.table()
            return
        kind = cursor.next()
        if kind.text == "rule":
            at = self.place()
            self.rule(cursor, at, cursor.word())
        elif kind.text == "element":
            at = self.place()
            self.more(at, cursor.word(), cursor.block())
        elif kind.text in ("chain", "set", "map"):
            at = self.place()
            self.named(cursor, kind, at)
        else:
            raise NotSo(f"add {kind.text}")

    def object(self, within: Cursor, at: tuple[str, str]) -> None:
        kind = within.next()
        if kind.text in ("chain", "set", "map", "meter"):
            self.named(within, kind, at)
        elif kind.text in _OBJECTS:
            while not within.sees("{") and not within.sees("\n"):
                within.next()
            if within.sees("{"):
                within.block()
        else:
            raise Unreadable(f"`{kind.text}` is nothing that a table holds", kind.line)

    def named(self, within: Cursor, kind: Token, at: tuple[str, str]) -> None:
        """A chain, set or map: its name, and the block if there is one."""
        try:
            name = within.word()
        except NotSo as error:
            raise Unreadable(f"a {kind.text} without a name: {error}", kind.line) from None
        about = {"family": at[0], "table": at[1], "name": name, **self._handle(kind.line)}
        content = Cursor(within.block() if within.sees("{") else [], kind.line)
        if kind.text == "chain":
            self.chain(content, about)
        else:
            self.set(content, kind, about)

    def chain(self, within: Cursor, about: Object) -> None:
        self.objects.append({"chain": about})
        while True:
            within.skip_lines()
            if within.at >= len(within.tokens):
                return
            line = within.now.line
            try:
                if within.sees("type") and within.ahead(2).text == "hook":
                    _hook(within, about)
                    continue
                if within.take("policy"):
                    about["policy"] = within.word()
                    continue
            except (NotSo, ValueError) as error:
                raise Unreadable(f"the chain {about['name']} has no hook that we know: {error}", line) from None
            if (within.sees("comment") and within.ahead(2).text == "\n") or within.take("flags", "offload"):
                within.statement()
            else:
                self.rule(within, (about["family"], about["table"]), about["name"])

    def rule(self, within: Cursor, at: tuple[str, str], chain: str) -> None:
        begin = within.now.line
        tokens = within.statement()
        said, comment = statements(tokens)
        rule = {"family": at[0], "table": at[1], "chain": chain, "expr": said, "line": begin, "text": words(tokens)}
        end = tokens[-1].line if tokens else begin
        self.objects.append({"rule": {**rule, "comment": comment, **self._handle(end)}})

    def set(self, within: Cursor, kind: Token, about: Object) -> None:
        self.objects.append({kind.text: about})
        while True:
            within.skip_lines()
            if within.at >= len(within.tokens):
                return
            line = within.now.line
            try:
                _declaration(within, about)
            except NotSo as error:
                raise Unreadable(f"the {kind.text} {about['name']} isn't as nft would list it: {error}", line) from None

    def more(self, at: tuple[str, str], name: str, tokens: list[Token]) -> None:
        """`add element`: to a set that was declared before."""
        for one in self.objects:
            for kind in ("set", "map"):
                about = one.get(kind, {})
                if (about.get("family"), about.get("table"), about.get("name")) == (*at, name):
                    about.setdefault("elem", []).extend(elements(Cursor(tokens)))
                    return
        raise NotSo(f"there is no set {name}")


def _hook(within: Cursor, about: Object) -> None:
    within.expect("type")
    about["type"] = within.word()
    within.expect("hook")
    about["hook"] = within.word()
    while within.sees_any(("device", "devices")):
        if within.next().text == "device":
            about["dev"] = [within.word()]
        else:
            within.expect("=")
            about["dev"] = [token.text for token in within.block() if token.text not in (",", "\n")]
    within.expect("priority")
    about["prio"] = _priority(within.statement(), about["family"])


def _priority(tokens: list[Token], family: str) -> int:
    """`filter`, `filter - 10`, `-150`."""
    names = {**_PRIORITIES, **(_BRIDGE if family == "bridge" else {})}
    said = "".join(token.text for token in tokens)
    for name, number in names.items():
        if said.startswith(name):
            return number + int(said[len(name) :] or "0")
    return int(said)


def _declaration(within: Cursor, about: Object) -> None:
    """One line of a set."""
    word = within.word()
    if word in ("type", "typeof"):
        key, _, answer = _split(within.statement())
        about["type"] = _types(word, key)
        if answer:
            about["map"] = _types(word, answer)
    elif word == "flags":
        about["flags"] = [token.text for token in within.statement() if token.text != ","]
    elif word == "elements":
        within.expect("=")
        about.setdefault("elem", []).extend(elements(Cursor(within.block())))
    elif word in ("timeout", "gc-interval"):
        about[word] = seconds(within.word())
    elif word in ("size", "policy", "comment"):
        about[word] = within.word()
    elif word != "auto-merge":
        within.at -= 1
        about["stmt"] = statements(within.statement())[0]


def _split(tokens: list[Token]) -> tuple[list[Token], None, list[Token]]:
    """The types of a key and, behind the colon, of the answer."""
    for at, token in enumerate(tokens):
        if token.text == ":" and not token.quoted:
            return tokens[:at], None, tokens[at + 1 :]
    return tokens, None, []


def _types(word: str, tokens: list[Token]) -> Any:
    plain = [token.text for token in tokens if token.text != "."]
    if plain[:1] == ["interval"]:
        plain, tokens = plain[1:], tokens[1:]
    if word == "type" or plain in (["verdict"], *([one] for one in _OBJECTS)):
        return plain
    cursor = Cursor(tokens)
    said = expression(cursor)
    if cursor.at < len(tokens):
        raise NotSo(cursor.now.text)
    return {"typeof": said}


def _spliced(tokens: list[Token]) -> list[Token]:
    """Without `define NAME = value`, its value in each place of `$NAME`."""
    known: dict[str, list[Token]] = {}
    out: list[Token] = []
    cursor = Cursor(tokens)
    while cursor.at < len(tokens):
        token = cursor.next()
        if token.text in ("define", "redefine") and not token.quoted and (not out or out[-1].text == "\n"):
            name = cursor.next().text
            if not cursor.take("="):
                raise Unreadable(f"define {name} has no `=`", token.line)
            known[name] = [one for said in cursor.statement() for one in _value(said, known)]
        else:
            out += _value(token, known)
    return out


def _value(token: Token, known: dict[str, list[Token]]) -> list[Token]:
    if token.quoted or not token.text.startswith("$"):
        return [token]
    if token.text[1:] not in known:
        raise Unreadable(f"{token.text} isn't defined here", token.line, _INCLUDED)
    return [Token(one.text, token.line, one.quoted) for one in known[token.text[1:]]]
