"""The `segctl` command: a table of commands, each loaded when it is called."""

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from segctl import __version__
from segctl.cli.exits import ReaderGone, guarded
from segctl.cli.options import Settings

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {  # name: where it is, and its line in `segctl --help`, which loads none of them
    "init": ("segctl.cli.init:init", "Write a first site, from nothing or from a list of hosts."),
    "validate": ("segctl.cli.site:validate", "Report everything that is wrong with the site."),
    "can": ("segctl.cli.questions:can", "May FROM open SERVICE to TO?"),
    "explain": ("segctl.cli.questions:explain", "Why: each rule that bears on it, and what would turn it."),
    "check": ("segctl.cli.check:check", "Run the site's own tests, and look for holes."),
    "reach": ("segctl.cli.reach:reach", "Who reaches whom, in one hop and in many."),
    "blast": ("segctl.cli.reach:blast", "What an intruder reaches; how open each segment is."),
    "path": ("segctl.cli.reach:path", "By which way, and what would stop it."),
    "diff": ("segctl.cli.diff:diff", "What a change opens and closes."),
    "audit": ("segctl.cli.audit:audit", "What somebody else's rules let through, and what is odd."),
    "graph": ("segctl.cli.graph:graph", "Draw the site."),
    "compile": ("segctl.cli.point:compile_", "Print the rules of a point."),
    "plan": ("segctl.cli.plan:plan", "What apply would open, close and cut."),
    "apply": ("segctl.cli.point:apply", "Load the rules into a point, asleep, and wake them."),
    "confirm": ("segctl.cli.generations:confirm", "Keep what was applied with --confirm."),
    "rollback": ("segctl.cli.generations:rollback", "Go back to the rules before the last apply, or to older ones."),
    "history": ("segctl.cli.generations:history", "What was applied on a point, when, by whom."),
    "status": ("segctl.cli.standing:status", "What is live on a point, and what bears on it."),
    "drift": ("segctl.cli.standing:drift", "Does the kernel still hold what was applied?"),
    "quarantine": ("segctl.cli.overrides:quarantine", "Cut a machine off, at once, for a time."),
    "grant": ("segctl.cli.overrides:grant", "Let connections through for a time."),
    "relax": ("segctl.cli.overrides:relax", "Let a segment only observe for a time."),
    "panic": ("segctl.cli.overrides:panic", "Shut all but management, at once."),
    "overrides": ("segctl.cli.overrides:overrides_", "What holds for a time."),
    "release": ("segctl.cli.overrides:release", "End one of these before its time."),
    "boot": ("segctl.cli.generations:boot", "Load what was confirmed last, before the network comes up."),
    "prove": ("segctl.cli.prove:prove", "Show that the rules do what the site means, for every packet."),
    "lab": ("segctl.cli.lab:lab", "The site's network as namespaces on this machine."),
    "probe": ("segctl.cli.witness:probe", "Try the whole matrix with real packets."),
    "remove": ("segctl.cli.generations:remove", "Take our tables away from a point."),
    "doctor": ("segctl.cli.doctor:doctor", "What this machine can't do, and what mends it."),
    "schema": ("segctl.cli.schema:schema", "Print the JSON Schema of a site, for editors."),
    "codes": ("segctl.cli.codes:codes", "Every error, warning and lint finding, explained."),
    "guard": ("segctl.cli.generations:guard", ""),
}


class LateGroup(click.Group):
    """A group whose commands stand in a table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the table's order."""
        return [name for name, (_, line) in COMMANDS.items() if line]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one."""
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), function)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """An unknown command is told with the nearest known one."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            ctx.fail(f"no command '{args[0]}'" + (f": did you mean '{near[0]}'?" if near else ""))
        return super().resolve_command(ctx, args)

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Here `--help` and `--version` are answered."""
        try:
            return super().make_context(*arguments, **options)
        except BrokenPipeError as error:
            raise ReaderGone from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whoever read our output may have gone."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGone from error

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Commands from the table, none of them loaded; and the options that stand before a command."""
        from click.shell_completion import CompletionItem

        named = [CompletionItem(n, help=line) for n, (_, line) in COMMANDS.items() if line and n.startswith(incomplete)]
        return named + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items() if line])


@click.group(cls=LateGroup, context_settings={"auto_envvar_prefix": "SEGCTL", "help_option_names": ["-h", "--help"]})
@click.option("--site", type=click.Path(path_type=Path), metavar="DIR", allow_from_autoenv=False,
              help="The site's folder; else SEGCTL_SITE, else the nearest one upwards.")  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but the answer.")
@click.option("-v", "--verbose", is_flag=True, help="Say more; of an internal error the traceback.")
@click.version_option(__version__, prog_name="segctl")
@click.pass_obj
def segctl(settings: Settings, site: Path | None, quiet: bool, verbose: bool) -> None:
    """Declare who may talk to whom, see what it opens, apply it, and prove that nothing else can move.

    Exit codes: 0 it is so; 1 it is not so; 2 the input is wrong; 3 this machine can't; 4 it failed and what was there
    before is back; 5 it was tried and there is no answer.
    """
    settings.site = site
    settings.verbosity = 1 if verbose else -1 if quiet else 0


def run(arguments: list[str] | None = None) -> int:
    """One call of the command, to its exit code."""
    settings = Settings()
    return guarded(
        lambda: segctl.main(args=arguments, prog_name="segctl", standalone_mode=False, obj=settings),
        lambda: settings.verbosity > 0,
    )


def main() -> NoReturn:
    """The entry point."""
    for name, way in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed before we began: nothing comes from it, what is said goes nowhere
            setattr(sys, name, Path(os.devnull).open(way))  # noqa: SIM115 (as long as we run)
    for stream in (sys.stdout, sys.stderr):  # a locale without our arrows, a file name that is no text: shown escaped
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run())
