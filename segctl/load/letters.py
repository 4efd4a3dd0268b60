"""Letters that look like others: a name with a Cyrillic letter in it reads like ours and is another."""

import unicodedata

_LIKE = {  # Cyrillic, Greek and Latin letters that most fonts draw like an ASCII one (Unicode TR 39, confusables.txt)
    "a": "\u0430\u03b1\u0251", "b": "\u042c\u0184", "c": "\u0441\u03f2", "d": "\u0501", "e": "\u0435\u212e",
    "g": "\u0261", "h": "\u04bb", "i": "\u0456\u0131\u03b9", "j": "\u0458\u03f3", "k": "\u043a\u03ba",
    "l": "\u04cf\u01c0", "m": "\u043c", "n": "\u0578", "o": "\u043e\u03bf\u03c3", "p": "\u0440\u03c1", "q": "\u051b",
    "r": "\u0433", "s": "\u0455", "t": "\u0442\u03c4", "u": "\u03c5\u057d", "v": "\u03bd\u0475", "w": "\u051d\u03c9",
    "x": "\u0445\u03c7", "y": "\u0443\u03b3",
    "A": "\u0410\u0391", "B": "\u0412\u0392", "C": "\u0421\u03f9", "E": "\u0415\u0395", "H": "\u041d\u0397",
    "I": "\u0406\u0399", "J": "\u0408", "K": "\u041a\u039a", "M": "\u041c\u039c", "N": "\u039d", "O": "\u041e\u039f",
    "P": "\u0420\u03a1", "S": "\u0405", "T": "\u0422\u03a4", "X": "\u0425\u03a7", "Y": "\u0423\u03a5", "Z": "\u0396",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2212", "/": "\u2044\u2215", ".": "\u2024\u06d4", "_": "\u02cd",
}  # fmt: skip
_CONTROLS = {0: "NUL", 9: "tab", 10: "line feed", 13: "carriage return", 27: "escape"}  # they have no name in Unicode
_ASCII = {strange: plain for plain, all_of_them in _LIKE.items() for strange in all_of_them}


def call(char: str) -> str:
    """One character as a person can look it up: U+202E RIGHT-TO-LEFT OVERRIDE."""
    return f"U+{ord(char):04X} {unicodedata.name(char, _CONTROLS.get(ord(char), ''))}".rstrip()


def strange(text: str) -> str | None:
    """A word on the first letter that isn't ASCII, its place and what it looks like; None if all are."""
    at = next((at for at, char in enumerate(text) if not char.isascii()), None)
    if at is None:
        return None
    plain = _ASCII.get(text[at]) or unicodedata.normalize("NFKD", text[at])[0]
    like = f", which is not '{plain}'" if plain.isascii() and plain.isprintable() else ""
    return f"character {at + 1} is {call(text[at])}{like}"
