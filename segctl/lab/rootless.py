"""How who isn't root comes to a lab: into the user namespace that the lab's listeners keep, or into a new one.

What follows then is what root does, to the letter. There is one such namespace for each lab; it, and with it all that
the lab consists of, ends with its last process.
"""

from segctl.kernel.forbidding import Forbidden
from segctl.kernel.namespaces import may_make
from segctl.lab.errors import CannotMake
from segctl.lab.state import Folder, base


def enter(lab: str, *, anew: bool = False) -> bool:
    """Let this process act on the lab as root would; with one thread, so before numpy is loaded. Root is there already.

    Waits for who is making the lab just now. Without the lab it goes into a new namespace, in which it can be made,
    if that is wanted (`anew`); otherwise the answer is False, and nothing was done.
    Raises CannotMake where this machine forbids it, AlreadyUp if its maker doesn't come to an end.
    """
    if may_make():
        return True
    folder = Folder(lab)
    with folder.alone():
        keeper = folder.listeners()
    if keeper is None and not anew:
        return False
    from segctl.kernel import userns

    if keeper is not None:
        userns.enter(keeper)
        return True
    try:
        userns.make(base())
    except Forbidden as error:
        raise CannotMake(error.what, error.help) from error
    return True
