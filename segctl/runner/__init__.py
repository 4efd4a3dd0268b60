"""Where a command runs: on this host, in a network namespace, later over ssh.

In goes an argument list (never a shell line) and what the command reads; out comes its exit code and what it said.
`inside()` is the other way in: a socket that is opened under it belongs to that place.
What the command means, and what its failure means, is the caller's to know: no nft, no policy, no model in here.
"""

from segctl.runner.here import Here
from segctl.runner.netns import Netns
from segctl.runner.runner import Completed, NoSuchPlace, NoSuchTool, NotAllowed, Runner, RunnerError, TookTooLong

__all__ = [
    "Completed",
    "Here",
    "Netns",
    "NoSuchPlace",
    "NoSuchTool",
    "NotAllowed",
    "Runner",
    "RunnerError",
    "TookTooLong",
]
