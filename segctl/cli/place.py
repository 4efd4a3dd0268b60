"""Where a point is: for commands that need its site, and for those that must work without one."""

from typing import TYPE_CHECKING

import click

from segctl.cli.options import Settings, choose_point

if TYPE_CHECKING:
    from segctl.runner import Runner


def place_of(settings: Settings, point: str | None, netns: str | None, here: bool) -> "Runner":
    """The place that is named, else where the site says that its point is, else, without a site, this host.

    A site that is broken must not keep anybody from a rollback: then --here or --netns says where.
    """
    if here and (netns or point):
        raise click.UsageError("--here is this host: without --netns and --point")
    if here or netns is not None:
        return runner_of("local", netns)
    from segctl.model.diagnostic import SiteError

    try:
        settings.find()
    except SiteError:
        if point is None and settings.site is None:
            return runner_of("local", None)
        raise
    try:
        site = settings.read()
    except SiteError:
        settings.say("the site can't be read: --here or --netns NAME names the place without it")
        raise
    return runner_of(site.points[choose_point(site, point)].where, None)


def runner_of(where: str, netns: str | None) -> "Runner":
    """The place of a point: a namespace that is named on the command line or in the site, or this host.

    To be asked for before numpy is loaded: for who isn't root, the namespace of a lab is within another (rootless).
    """
    from segctl.lab.names import lab_of
    from segctl.lab.rootless import enter
    from segctl.runner import Here, Netns, NoSuchPlace

    if netns is None and where.startswith("netns:"):
        netns = where.removeprefix("netns:")
    if netns is not None:
        try:
            runner = Netns(netns)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        lab = lab_of(netns)
        if lab is not None and not enter(lab):
            raise NoSuchPlace(f"this user has no lab '{lab}', which {netns} would be of", f"segctl lab up --name {lab}")
        return runner
    if where != "local":
        raise click.UsageError(f"points are reached here or by --netns; '{where}' can't be reached yet")
    return Here()
