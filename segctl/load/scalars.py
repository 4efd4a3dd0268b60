"""Single texts to typed values: NAME, TEXT, TIME, DATE, true and false. Each raises `Wrong`; none knows its place."""

import re
from datetime import UTC, date, datetime

from segctl.load.findings import Wrong
from segctl.load.letters import call, strange
from segctl.load.text import BIDI
from segctl.load.values import shorten

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}\Z")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})?\Z"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_COUNT = re.compile(r"[1-9][0-9]{0,14}\Z")
_UNFIT = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff{BIDI}]")
LONGEST_TEXT = 500


def read_name(text: str) -> str:
    """NAME: an ASCII letter, then letters, digits, _ . -, at most 63 in all; the case is kept."""
    if NAME.match(text):
        return text
    raise Wrong("name", f"'{shorten(text, 70)}' is no name: {_name_fault(text)}")


def _name_fault(text: str) -> str:
    if not text:
        return "it is empty"
    if len(text) > 63:
        return f"it has {len(text)} characters, at most 63 are allowed"
    if text == "<<":
        return "it is YAML's merge key, which the language doesn't have"
    odd = strange(text)
    if odd:
        return odd
    bad = next((char for char in text if not (char.isalnum() or char in "_.-")), None)
    if bad is not None:
        return f"'{bad}' is not allowed in it" if bad.isprintable() else f"{call(bad)} is not allowed in it"
    return "it does not begin with a letter"


def read_text(text: str) -> str:
    """TEXT: one line of 1 to 500 characters, none of them control or bidi characters."""
    unfit = _UNFIT.search(text)
    if unfit:
        what = "more than one line" if unfit[0] in "\r\n\u2028\u2029\x85" else f"a hidden character, {call(unfit[0])}"
        raise Wrong("text", f"the text has {what}")
    if not text or text.isspace():
        raise Wrong("text", "the text is empty")
    if len(text) > LONGEST_TEXT:
        raise Wrong("text", f"the text has {len(text)} characters, at most {LONGEST_TEXT} are allowed")
    return text


def read_time(text: str) -> datetime:
    """TIME: RFC 3339 with its zone, handed on in UTC."""
    found = _TIME.match(text)
    if not found and _DATE.match(text):
        raise Wrong("time", f"'{text}' is a day: an end is an instant", f"say the time, too, as '{text}T18:00:00Z'")
    if not found and _TIME.match(text.replace(" ", "T")):
        raise Wrong("time", f"'{text}' has a blank in it", f"write '{text.replace(' ', 'T')}'")
    if not found:
        raise Wrong("time", f"'{shorten(text)}' is no time")
    if found[2] is None:
        raise Wrong(
            "time", f"'{text}' is a time without its zone", f"say '{text}Z' for UTC, or the offset, as '{text}+01:00'"
        )
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        fault = "no zone is so far off" if "offset" in str(error) else str(error)
        raise Wrong("time", f"'{text}' is no time that exists: {fault}") from error


def read_date(text: str) -> date:
    """DATE: YYYY-MM-DD."""
    if _TIME.match(text):
        raise Wrong("date", f"'{text}' is a time", f"say the day alone: '{text[:10]}'")
    if not _DATE.match(text):
        raise Wrong("date", f"'{shorten(text)}' is no date")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Wrong("date", f"'{text}' is no date that exists: {error}") from error


def read_count(text: str, plain: bool) -> int:
    """A whole number from 1 on, in decimal and without quotes, at most 15 digits: an editor's numbers have 53 bits."""
    if plain and _COUNT.match(text):
        return int(text)
    help = "write it without quotes" if _COUNT.match(text) else ""
    raise Wrong("count", f"'{shorten(text)}' is no whole number from 1 on", help)


def read_flag(text: str, plain: bool) -> bool:
    """`true` or `false`, without quotes; `yes` and `on` are words."""
    if plain and text in ("true", "false"):
        return text == "true"
    raise Wrong("wrong-type", f"'{shorten(text)}' where true or false belongs", "write true or false, without quotes")
