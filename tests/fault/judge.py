"""What must be true after a fault, whatever it was."""

from tests.fault.command import Ended, command
from tests.fault.doings import CLOSED, Doing
from tests.fault.ground import NOTHING, TEXTS, Ground, Seen


def side(doing: Doing, ground: Ground) -> tuple[Seen, str]:
    """What is live and held is what it was, or what it was to be: whole, and known on disk."""
    seen = ground.seen()
    found = doing.at(ground, seen)
    assert found, f"neither before nor after: {seen}"
    if seen.number is not None:
        assert ground.kept(seen.number) == seen.live, f"generation {seen.number} isn't what is kept of it"
    if seen.held:
        assert any(map(ground.exceptions_are_those_of, TEXTS.values())), "the hold table's rules aren't ours"
    return seen, found


def on_disk(ground: Ground) -> tuple[object, frozenset[str]]:
    """What would be loaded after a reboot, by site, and what would be held."""
    standing = ground.standing()
    assert standing is not None
    confirmed = standing.confirmed
    return (NOTHING if confirmed is None else ground.kept(confirmed), standing.closed), ground.noted()


def no_surprise(ended: Ended) -> None:
    """No traceback, nothing that segctl has no words for."""
    assert "Traceback" not in ended.told and "internal error" not in ended.told, ended
    assert ended.code in (0, 1, 2, 3, 4, 5), ended
    if ended.code:
        assert ended.err.startswith("segctl: "), ended


def boots(ground: Ground) -> Ended:
    """After a reboot, `segctl boot` brings back what is confirmed and what is held, or says that it is closed."""
    ground.reboot()
    standing = ground.standing()
    assert standing is not None
    ended = command(ground.typed("boot"))
    no_surprise(ended)
    seen = ground.seen()
    if standing.closed:
        assert ended.code == 4 and seen == Seen(NOTHING, None, CLOSED), (ended, seen)
        return ended
    assert ended.code == 0, ended
    wanted = NOTHING if standing.confirmed is None else ground.kept(standing.confirmed)
    assert (seen.live, seen.number) == (wanted, standing.confirmed), (ended, seen)
    assert seen.held == (ground.noted() if standing.confirmed is not None else frozenset()), seen
    return ended
