"""Times as the integers that are kept and compared: milliseconds since 1970, UTC."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(time: datetime) -> int:
    """Since 1970; a part of one is dropped."""
    return (time - _EPOCH) // timedelta(milliseconds=1)


def moment(since: int) -> datetime:
    """The same backwards."""
    return _EPOCH + timedelta(milliseconds=since)
