"""What may be wrong with what we keep on disk. In each case nothing was changed by whoever met it."""


class StoreError(Exception):
    """Something kept can't be read or written; `help` says what to do."""

    exit_code = 3

    def __init__(self, what: str, help: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.help = help


class Unsafe(StoreError):
    """Somebody else owns it or could have written it, or it is a link: nothing in it is to be relied on."""


class Damaged(StoreError):
    """It was cut off or changed: its checksum is another, or a word that must be there is missing."""


class Newer(StoreError):
    """A newer segctl wrote it, in a form that this one doesn't know."""


class NotWritten(StoreError):
    """The disk took it not, or not whole: what was there before is there."""


class Busy(StoreError):
    """Somebody else is changing this point."""
