"""The name of a statement that has none: a readable beginning and a hash of what it says, wherever it stands."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from segctl.model.flow import Services
from segctl.model.selector import Selectors

_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
_DIGITS = 12  # hex: among 100,000 unnamed flows two meet once in 56,000 sites
_READABLE = 63 - 1 - _DIGITS


@dataclass(frozen=True, slots=True)
class Parts:
    """What a name is made of."""

    source: Selectors
    destination: Selectors
    services: Services
    since: datetime | None = None
    until: datetime | None = None


def made_name(parts: Parts) -> str:
    """A NAME; the order in which the lists are written doesn't matter."""
    lists = [sorted({str(one) for one in some}) for some in (parts.source, parts.destination, parts.services)]
    times = [when.isoformat() if when else "" for when in (parts.since, parts.until)]
    digest = hashlib.sha256("\x00".join("\x01".join(some) for some in (*lists, times)).encode()).hexdigest()
    words = (_NO_NAME.sub("_", "+".join(some)).strip("_") for some in lists)
    readable = "-".join(word for word in words if word)[:_READABLE].rstrip("-_.")
    return f"{readable if readable[:1].isalpha() else f'of-{readable}'[:_READABLE]}-{digest[:_DIGITS]}"
