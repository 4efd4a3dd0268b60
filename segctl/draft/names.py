"""Names that the language takes, out of names that it doesn't; one name space, as in a site."""

import hashlib
import re
import unicodedata

from segctl.load.context import RESERVED
from segctl.load.scalars import NAME

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST = 63
_DIGITS = 6


def valid(text: str, lead: str) -> str:
    """A NAME like the text: letters without their accents, `-` for what is left; `lead` before a digit or nothing.

    What is too long is cut, and keeps apart from others by a hash of the whole.
    """
    if NAME.match(text):
        return text
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    clean = _UNFIT.sub("-", plain).strip("-")
    if not clean[:1].isalpha():
        clean = f"{lead}-{clean}".rstrip("-")
    if len(clean) > _LONGEST:
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]
        clean = f"{clean[: _LONGEST - _DIGITS - 1]}-{digest}"
    return clean


class Names:
    """The names that are taken; case counts, as in the language."""

    def __init__(self, taken: frozenset[str] = RESERVED) -> None:
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    def take(self, text: str, kind: str) -> str:
        """A free name, as near to the text as the language and the names before it allow."""
        name = valid(text, kind)
        if name in self._taken:
            name = self._free(name if name not in RESERVED else f"{name}-{kind}")
        self._taken.add(name)
        return name

    def _free(self, name: str) -> str:
        if name not in self._taken:
            return name
        number = self._next.get(name, 2)
        while (other := f"{name[: _LONGEST - len(str(number)) - 1]}-{number}") in self._taken:
            number += 1
        self._next[name] = number + 1
        return other
