"""What may go wrong with a lab; each says what is missing and what helps."""


class LabError(Exception):
    """`what` happened, and what would `help`."""

    def __init__(self, what: str, help: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.help = help


class CannotMake(LabError):
    """Labs can't be made on this machine, or by this user; nothing was done."""


class AlreadyUp(LabError):
    """There is a lab of that name; nothing was done."""


class NoSuchLab(LabError):
    """There is no lab of that name, or no node of that name in it; nothing was done."""


class NoSuchProgram(LabError):
    """The command can't be started."""


class NotMade(LabError):
    """It was tried and failed; what had been made is removed."""


class Terminated(SystemExit):
    """SIGTERM or SIGHUP came; the exit code is that of a shell, 128 + the signal's number."""

    def __init__(self, signal: int) -> None:
        super().__init__(128 + signal)
