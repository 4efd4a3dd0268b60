"""What commands have in common: the site that is meant, and options that mean the same wherever they stand."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import click

from segctl.cli.complete import complete_point

if TYPE_CHECKING:  # what a command needs it loads itself: an answer that is remembered needs none of it
    from segctl.cli.memory import Memory
    from segctl.load.find import Found
    from segctl.load.read import Loaded
    from segctl.model.site import Site
    from segctl.policy import Policy

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class Settings:
    """What stands before the command. `verbosity`: -1 quiet, 0, 1 verbose."""

    site: Path | None = None
    verbosity: int = 0
    _found: "Found | None" = None

    def find(self) -> "Found":
        """Where the site is that is meant. `SiteError` if there is none."""
        from segctl.load.find import choose_site

        if self._found is None:
            self._found = choose_site(self.site, os.environ)
            if self._found.word:
                self.say(self._found.word)
        return self._found

    def load(self) -> "Loaded":
        """The site that is meant, with all its findings, errors too. `SiteError` if there is none."""
        from segctl.load.read import load_site

        found = self.find()
        return load_site(found.path, trusted=found.trusted)

    def read(self) -> "Site":
        """The site that is meant; `SiteError` with every finding if one is an error."""
        return _sound(self.load())

    def memory(self) -> "Memory":
        """What was answered about the site that is meant."""
        from segctl.cli.memory import Memory

        found = self.find()
        return Memory(found.path, found.trusted)

    def say(self, text: str) -> None:
        """A word beside the data: on stderr, unless it is to be quiet."""
        if self.verbosity >= 0:
            with suppress(OSError):  # a word that nobody can hear must not stop a change half-way
                click.echo(text, err=True)


def _sound(loaded: "Loaded") -> "Site":
    if loaded.site is None:
        raise _site_error(loaded.findings)
    return loaded.site


def _site_error(findings: tuple[Any, ...]) -> Exception:
    from segctl.model.diagnostic import SiteError

    return SiteError(findings)


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


_WIDE = 36  # signs of formats beside each other


def format_option(*formats: str) -> Callable[[F], F]:
    """`--format`; the first is the default. Many of them would be one word wider than a narrow terminal."""
    many = len("|".join(formats)) > _WIDE
    return click.option("--format", "format_", cls=_FormatOption, type=click.Choice(formats), default=formats[0],
                        show_default=True, metavar="FORMAT" if many else None,
                        help=f"How the answer is written{': ' + ', '.join(formats) if many else ''}.")  # fmt: skip


def at_option(function: F) -> F:
    """`--at TIME`: the time that is asked about, as `at: datetime` in UTC."""
    return click.option("--at", metavar="TIME", callback=_time, help="RFC 3339 with its zone; default now.")(function)


def point_option(function: F) -> F:
    """`--point NAME`."""
    return click.option("--point", metavar="NAME", shell_complete=complete_point,
                        help="The point; may be left out where the site has one.")(function)  # fmt: skip


def netns_option(function: F) -> F:
    """`--netns NAME`: the point is a namespace of this machine."""
    return click.option("--netns", metavar="NAME", help="The network namespace that is the point.")(function)


def strict_option(function: F) -> F:
    """`--warnings-as-errors`."""
    return click.option("--warnings-as-errors", is_flag=True, help="Warnings and lint findings fail, too.")(function)


def _time(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime:
    if value is None:
        return datetime.now(UTC)
    from segctl.load.questions import parse_time
    from segctl.model.diagnostic import SiteError

    try:
        return parse_time(value)
    except SiteError as error:
        finding = error.findings[0]
        raise click.BadParameter(f"{finding.what}; {finding.help}", context, parameter) from error


def policy_of(settings: Settings, at: datetime, loaded: "Loaded | None" = None) -> "Policy":
    """What the site means at that time; `SiteError` with every finding if one is an error."""
    from segctl.policy import examine

    examined = examine(_sound(loaded or settings.load()), at)
    if examined.policy is None:
        raise _site_error(examined.findings)
    return examined.policy


def choose_point(site: "Site", name: str | None) -> str:
    """The point that is meant, a gateway or a host: the named one, or the only one."""
    if name is None and len(site.points) == 1:
        return next(iter(site.points))
    if name is not None and name in site.points:
        return name
    known = ", ".join(site.points) or "none"
    if name is None:
        raise click.UsageError(f"which point? --point NAME; the site's points are: {known}")
    raise click.UsageError(f"no point '{name}'; the site's points are: {known}")


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.2 on, not in 8.1
    """A time as people write it: `90`, `90s`, `30m`, `4h`, `2d`; seconds."""

    name = "duration"
    _UNITS: ClassVar[dict[str, int]] = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

    def __init__(self, least: float, most: float) -> None:
        self._least, self._most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        if isinstance(value, int | float):
            return float(value)
        text = str(value).strip().lower()
        unit = self._UNITS.get(text[-1:], 0)
        digits = text[:-1] if unit else text
        try:
            seconds = float(digits) * (unit or 1)
        except ValueError:
            self.fail(f"'{value}' is no time: write 90s, 30m, 4h or 2d", param, ctx)
        if not self._least <= seconds <= self._most:  # not so for `nan` either
            self.fail(f"'{value}' isn't between {self._least:g} and {self._most:g} seconds", param, ctx)
        return seconds


def place_options(function: F) -> F:
    """`--point`, `--netns`, `--here`: for commands that need no site, only the place where a point is."""
    here = click.option("--here", is_flag=True, help="This host, whatever a site says.")
    return point_option(netns_option(here(function)))
