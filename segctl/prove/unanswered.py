"""Why there is no answer."""


class TooLarge(Exception):
    """The rules tell more packets apart than an engine can hold. `help`: the way out."""

    exit_code = 5  # it was tried, and there is no answer

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


class TooManyClasses(Exception):
    """The product of classes explodes: a job for the other engine."""
