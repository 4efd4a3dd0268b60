"""What may go wrong with a lab; each says what is missing and what helps."""


class LabError(Exception):
    """`what` happened, and what would `help`; `exit_code` as in the command line's table."""

    exit_code = 5

    def __init__(self, what: str, help: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.help = help


class CannotMake(LabError):
    """Labs can't be made on this machine, or by this user; nothing was done."""

    exit_code = 3


class NoLayout(LabError):
    """The site has no gateway, or a name that the kernel couldn't give (lab, interface); nothing was done."""

    exit_code = 2


class AlreadyUp(LabError):
    """There is a lab of that name; nothing was done."""

    exit_code = 2


class NoSuchLab(LabError):
    """There is no lab of that name, or no node of that name in it; nothing was done."""

    exit_code = 2


class Damaged(LabError):
    """Something of the lab was taken away by hand, or its processes were killed; nothing was done."""

    exit_code = 2


class OtherSite(LabError):
    """The lab was made of another site than the one that is meant; nothing was done."""

    exit_code = 2


class NoSuchProgram(LabError):
    """The command can't be started."""

    exit_code = 2


class NotMade(LabError):
    """It was tried and failed; what had been made is removed."""

    exit_code = 4


class Terminated(SystemExit):
    """SIGTERM or SIGHUP came; the exit code is that of a shell, 128 + the signal's number."""

    def __init__(self, signal: int) -> None:
        super().__init__(128 + signal)
