"""All problems of one load, collected; and what the reader of a misspelt word may have meant."""

import difflib
from collections.abc import Collection

from segctl.model.codes import CODES
from segctl.model.diagnostic import Diagnostic, Level, Note
from segctl.model.span import Span

_WORK = 50_000  # words compared in one load: suggestions must not make a site of 10,000 typos hang


class Wrong(Exception):
    """A text that is no value of its type: the code, what is wrong, what mends it. Whoever knows the place adds it."""

    def __init__(self, code: str, what: str, help: str = "") -> None:
        super().__init__(what)
        self.code, self.what, self.help = code, what, help


class Findings:
    """Collects; never raises.

    `complete` is False once a file that may declare more names could not be read: unknown names aren't told then.
    """

    def __init__(self) -> None:
        self.complete = True
        self._all: list[Diagnostic] = []
        self._work = _WORK

    def add(self, span: Span, code: str, what: str, help: str = "", *notes: Note) -> None:
        """One finding more; without `help`, the code's own."""
        self._all.append(Diagnostic(span, code, what, help or CODES[code].help, notes))

    def wrong(self, span: Span, wrong: Wrong) -> None:
        """What a reader of a single text found, at its place."""
        self.add(span, wrong.code, wrong.what, wrong.help)

    def __len__(self) -> int:
        return len(self._all)

    def patient(self) -> bool:
        """Whether there still are suggestions in this load."""
        return self._work > 0

    def near(self, word: str, known: Collection[str]) -> str | None:
        """The known word nearest to this one, or None if there is none near (or the load's patience is used up)."""
        self._work -= len(known)
        if not self.patient():
            return None
        folded = {other.casefold(): other for other in known}
        if word.casefold() in folded:
            return folded[word.casefold()]
        found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
        return found[0] if found else None

    def meant(self, word: str, known: Collection[str], otherwise: str = "") -> str:
        """`help` for an unknown word."""
        near = self.near(word, known)
        return f"did you mean '{near}'?" if near else otherwise

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All of them in the order of their places, each once."""
        return tuple(sorted(dict.fromkeys(self._all), key=Diagnostic.sort_key))

    def failed(self) -> bool:
        """Whether one of them is an error."""
        return any(CODES[one.code].level is Level.ERROR for one in self._all)
