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
    r"(?:[ \t\r]|\\\n)*(?:"
    r"(?P<word>[^\s{}(),\[\]|^&=!<>;\"#]+)|(?P<mark>[{}(),\[\]|^]|&|!=|==|<=|>=|<<|>>|[=!<>])"
    r"|\"(?P<string>[^\"\n]*)\"|(?P<end>\n|;)|(?P<comment>\#[^\n]*)|(?P<last>\Z))"
)
_HANDLE = re.compile(r"\# handle (\d+)\s*$")


@dataclass(frozen=True, slots=True)
class Tokens:
    """All tokens of a text, and the handles that `nft -a` writes behind a line, by line."""

    tokens: list[Token]
    handles: dict[int, int]


def tokens_of(text: str) -> Tokens:
    """Raises Unreadable for what is no token (a string without an end)."""
    tokens: list[Token] = []
    handles: dict[int, int] = {}
    at, line, match = 0, 1, _TOKEN.match
    while at < len(text):
        found = match(text, at)
        if found is None:
            raise Unreadable(f"this is no word of nft: {text[at : at + 20].strip()!r}", line)
        kind = found.lastgroup
        said = found[kind] if kind else ""
        at = found.end()
        if kind in ("word", "mark"):
            tokens.append(Token(said, line))
        elif kind == "string":
            tokens.append(Token(said, line, True))
        elif kind == "end":
            tokens.append(Token("\n", line))
            line += said == "\n"
        elif kind == "comment" and (handle := _HANDLE.match(said)):
            handles[line] = int(handle[1])
    return Tokens([*tokens, Token("\n", line)], handles)


class NotSo(Exception):
    """A rule that isn't as the grammar knows it; the words from here on are kept as they are."""


class Cursor:
    """Where a parser stands in a list of tokens; past the last it sees line ends."""

    def __init__(self, tokens: list[Token], last_line: int = 0) -> None:
        self.tokens = tokens
        self.size = len(tokens)
        self.at = 0
        self._end = Token("\n", tokens[-1].line if tokens else last_line)

    @property
    def now(self) -> Token:
        """The token that stands here."""
        return self.tokens[self.at] if self.at < self.size else self._end

    def ahead(self, by: int = 1) -> Token:
        """A later token."""
        return self.tokens[self.at + by] if self.at + by < self.size else self._end

    def sees(self, *texts: str) -> bool:
        """Whether these words stand here, in this order, without quotes."""
        text, _, quoted = self.now
        if text != texts[0] or quoted:
            return False
        return len(texts) == 1 or all(self.ahead(by).text == texts[by] for by in range(1, len(texts)))

    def sees_any(self, texts: frozenset[str] | tuple[str, ...]) -> bool:
        """Whether one of these words stands here."""
        text, _, quoted = self.now
        return text in texts and not quoted

    def take(self, *texts: str) -> bool:
        """Go past these words, if they stand here."""
        if not self.sees(*texts):
            return False
        self.at += len(texts)
        return True

    def next(self) -> Token:
        """The token that stands here; go past it. At the end NotSo."""
        if self.at >= self.size:
            raise NotSo("the text ends here")
        self.at += 1
        return self.tokens[self.at - 1]

    def word(self) -> str:
        """The text of the next token, if it is a word or string; else NotSo."""
        token = self.now
        if not token.quoted and (token.text in _MARKS or token.text == "\n"):
            raise NotSo("the line ends here" if token.text == "\n" else f"no word begins with {token.text}")
        return self.next().text

    def expect(self, text: str) -> None:
        """Go past this word, else NotSo."""
        if not self.take(text):
            raise NotSo(f"{text!r} is missing before {self.now.text!r}")

    def skip_lines(self) -> None:
        """Past ends of lines."""
        while self.at < self.size and self.sees("\n"):
            self.at += 1

    def block(self) -> list[Token]:
        """From `{` to the `}` that belongs to it: what is between. Raises Unreadable if there is none."""
        opened = self.next()
        depth = 1
        for at in range(self.at, self.size):
            text, _, quoted = self.tokens[at]
            if quoted or text not in "{}":
                continue
            depth += 1 if text == "{" else -1
            if depth == 0:
                within = self.tokens[self.at : at]
                self.at = at + 1
                return within
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
