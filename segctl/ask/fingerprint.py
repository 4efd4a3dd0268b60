"""What stays of a finding when its lines move: its code, what it is found on, and what it says."""

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256

from segctl.model.diagnostic import Diagnostic

_LENGTH = 32  # hexadecimal digits: 128 bits


def fingerprints(findings: Iterable[tuple[Diagnostic, str]]) -> Iterator[str]:
    """Of each, with what it is found on: the same in whatever file, at whatever line it stands.

    Several that are alike are numbered, in the order given.
    """
    seen: Counter[str] = Counter()
    for finding, about in findings:
        text = "\0".join(("segctl/1", finding.code, about, finding.what))
        mark = sha256(text.encode()).hexdigest()[:_LENGTH]
        seen[mark] += 1
        yield f"{mark}:{seen[mark]}"
