"""The text of `nft list ruleset` to tokens, and a cursor over them."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from segctl.listing.rule import Unreadable


class Token(NamedTuple):
    """A word, a mark of punctuation, or the text within quotes, and its line. A line ends with a token of its own."""

    text: str
    line: int
    quoted: bool = False


_TOKEN = re.compile(
    r'(?P<blank>[ \t\r]+|\\\n)|(?P<comment>\#[^\n]*)|(?P<end>\n|;)|"(?P<string>[^"\n]*)"'
    r"|(?P<mark>[{}(),\[\]|^]|&|!=|==|<=|>=|<<|>>|[=!<>])"
    r"|(?P<word>[^\s{}(),\[\]|^&=!<>;\"#]+)"
)
_HANDLE = re.compile(r"\# handle (\d+)\s*$")


@dataclass(frozen=True, slots=True)
class Tokens:
    """All tokens of a text, and the handles that `nft -a` writes behind a line, by line."""

    tokens: list[Token]
    handles: dict[int, int]


def tokens_of(text: str) -> Tokens:
    """Raises Unreadable for what is no token (a string without an end)."""
    tokens, handles = [], {}
    at, line = 0, 1
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise Unreadable(f"this is no word of nft: {text[at : at + 20]!r}", line)
        kind, said = found.lastgroup, found.group()
        if kind == "string":
            tokens.append(Token(found["string"], line, True))
        elif kind == "end":
            tokens.append(Token("\n", line))
        elif kind == "comment":
            handle = _HANDLE.match(said)
            if handle:
                handles[line] = int(handle[1])
        elif kind != "blank":
            tokens.append(Token(said, line))
        line += said.count("\n")
        at = found.end()
    return Tokens([*tokens, Token("\n", line)], handles)


class NotSo(Exception):
    """A rule that isn't as the grammar knows it; the words from here on are kept as they are."""


class Cursor:
    """Where a parser stands in a list of tokens; past the last it sees line ends."""

    def __init__(self, tokens: list[Token], last_line: int = 0) -> None:
        self.tokens = tokens
        self.at = 0
        self._end = Token("\n", tokens[-1].line if tokens else last_line)

    @property
    def now(self) -> Token:
        """The token that stands here."""
        return self.tokens[self.at] if self.at < len(self.tokens) else self._end

    def ahead(self, by: int = 1) -> Token:
        """A later token."""
        return self.tokens[self.at + by] if self.at + by < len(self.tokens) else self._end

    def sees(self, *texts: str) -> bool:
        """Whether these words stand here, in this order, without quotes."""
        return all(self.ahead(by).text == text and not self.ahead(by).quoted for by, text in enumerate(texts))

    def sees_any(self, texts: frozenset[str] | tuple[str, ...]) -> bool:
        """Whether one of these words stands here."""
        return self.now.text in texts and not self.now.quoted

    def take(self, *texts: str) -> bool:
        """Go past these words, if they stand here."""
        if not self.sees(*texts):
            return False
        self.at += len(texts)
        return True

    def next(self) -> Token:
        """The token that stands here; go past it. At the end NotSo."""
        token = self.now
        if self.at >= len(self.tokens):
            raise NotSo("the text ends here")
        self.at += 1
        return token

    def word(self) -> str:
        """The text of the next token, if it is a word or string; else NotSo."""
        token = self.next()
        if not token.quoted and (token.text in _MARKS or token.text == "\n"):
            raise NotSo(token.text)
        return token.text

    def expect(self, text: str) -> None:
        """Go past this word, else NotSo."""
        if not self.take(text):
            raise NotSo(f"{text!r} is missing before {self.now.text!r}")

    def skip_lines(self) -> None:
        """Past ends of lines."""
        while self.at < len(self.tokens) and self.sees("\n"):
            self.at += 1

    def block(self) -> list[Token]:
        """From `{` to the `}` that belongs to it: what is between. Raises Unreadable if there is none."""
        opened = self.next()
        depth, begin = 1, self.at
        while self.at < len(self.tokens):
            token = self.next()
            if token.quoted:
                continue
            depth += (token.text == "{") - (token.text == "}")
            if depth == 0:
                return self.tokens[begin : self.at - 1]
        raise Unreadable("this { has no }", opened.line)

    def statement(self) -> list[Token]:
        """To the end of the line, that is not within braces; without the line ends that are."""
        out: list[Token] = []
        while not self.sees("\n"):
            if self.sees("{"):
                begin = self.at
                self.block()
                out += [one for one in self.tokens[begin : self.at] if one.text != "\n" or one.quoted]
            else:
                out.append(self.next())
        return out


_MARKS = frozenset("{}(),[]|^&=!<>") | {"!=", "==", "<=", ">=", "<<", ">>"}


def words(tokens: list[Token]) -> str:
    """Tokens as text again, near to how nft writes them."""
    out = ""
    for token in tokens:
        said = f'"{token.text}"' if token.quoted else token.text
        tight = not out or said in (",", "[", "]") or out.endswith(("[",)) or (out.endswith(",") and "@" in out[-12:])
        out += said if tight else f" {said}"
    return out
