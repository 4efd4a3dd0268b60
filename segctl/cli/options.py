"""What commands have in common: the site that is meant, and options that mean the same wherever they stand."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from segctl.model.diagnostic import SiteError
from segctl.model.site import Site

if TYPE_CHECKING:
    from segctl.policy import Policy

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class Settings:
    """What stands before the command. `verbosity`: -1 quiet, 0, 1 verbose."""

    site: Path | None = None
    verbosity: int = 0

    def load(self) -> "Loaded":
        """The site that is meant, with all its findings, errors too. `SiteError` if there is none."""
        from segctl.load.find import choose_site
        from segctl.load.read import load_site

        found = choose_site(self.site, os.environ)
        if found.word:
            self.say(found.word)
        loaded = load_site(found.path, trusted=found.trusted)
        return Loaded(found.path, loaded.site, loaded.findings)

    def read(self) -> Site:
        """The site that is meant; `SiteError` with every finding if one is an error."""
        loaded = self.load()
        if loaded.site is None:
            raise SiteError(loaded.findings)
        return loaded.site

    def say(self, text: str) -> None:
        """A word beside the data: on stderr, unless it is to be quiet."""
        if self.verbosity >= 0:
            with suppress(OSError):  # a word that nobody can hear must not stop a change half-way
                click.echo(text, err=True)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A site with where it was found; `site` is None if a finding is an error."""

    path: Path
    site: Site | None
    findings: tuple[Any, ...]


class Command(click.Command):
    """A command whose help ends with examples, one a line."""

    def __init__(self, *arguments: Any, examples: tuple[str, ...] = (), **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, as they are typed."""
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"  segctl {example}\n")


settings = click.make_pass_decorator(Settings, ensure=True)
"""Decorates a command that needs `Settings` as its first argument."""


class _FormatOption(click.Option):
    """The parameter is `format_`, its variable in the environment still SEGCTL_…_FORMAT."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        prefix = ctx.auto_envvar_prefix
        return os.environ.get(f"{prefix}_FORMAT") or None if prefix else None


def format_option(*formats: str) -> Callable[[F], F]:
    """`--format`; the first is the default."""
    return click.option("--format", "format_", cls=_FormatOption, type=click.Choice(formats), default=formats[0],
                        show_default=True, help="How the answer is written.")  # fmt: skip


def at_option(function: F) -> F:
    """`--at TIME`: the time that is asked about, as `at: datetime` in UTC."""
    return click.option("--at", metavar="TIME", callback=_time, help="RFC 3339 with its zone; default now.")(function)


def point_option(function: F) -> F:
    """`--point NAME`."""
    return click.option("--point", metavar="NAME", help="The point; may be left out where the site has one.")(function)


def netns_option(function: F) -> F:
    """`--netns NAME`: the point is a namespace of this machine."""
    return click.option("--netns", metavar="NAME", help="The network namespace that is the point.")(function)


def strict_option(function: F) -> F:
    """`--warnings-as-errors`."""
    return click.option("--warnings-as-errors", is_flag=True, help="Warnings and lint findings fail, too.")(function)


def _time(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime:
    from segctl.load.questions import parse_time

    if value is None:
        return datetime.now(UTC)
    try:
        return parse_time(value)
    except SiteError as error:
        finding = error.findings[0]
        raise click.BadParameter(f"{finding.what}; {finding.help}", context, parameter) from error


def policy_of(settings: Settings, at: datetime) -> "Policy":
    """What the site means at that time; `SiteError` with every finding if one is an error."""
    from segctl.policy import examine

    site = settings.read()
    examined = examine(site, at)
    if examined.policy is None:
        raise SiteError(examined.findings)
    return examined.policy


def choose_point(site: Site, name: str | None) -> str:
    """The gateway that is meant: the named one, or the only one."""
    gateways = [point.name for point in site.gateways()]
    if name is None and len(gateways) == 1:
        return gateways[0]
    if name in gateways:
        return name
    known = ", ".join(gateways) or "none"
    if name is None:
        raise click.UsageError(f"which point? --point NAME; the site's gateways are: {known}")
    raise click.UsageError(f"no gateway '{name}'; the site's gateways are: {known}")
