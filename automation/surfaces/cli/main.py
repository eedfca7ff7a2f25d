"""The command ``cellwright``: sub-commands are imported when used, and every error ends here as one paragraph.

Exit status: 0 good; 1 the answer is no; 2 the input is wrong; 70 a mistake of the program (EX_SOFTWARE); 130 stopped
by the person. ``CELLWRIGHT_TRACEBACK=1`` shows where a mistake of the program happened.
"""

import difflib
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from automation.kernel.errors import CellwrightError, InputError

if TYPE_CHECKING:
    from automation.surfaces.cli.port import Opener

GOOD, NO, WRONG, MISTAKE, STOPPED = 0, 1, 2, 70, 130
TRACEBACK = "CELLWRIGHT_TRACEBACK"
HERE = "automation.surfaces.cli"

FAMILIES: dict[str, dict[str, tuple[str, str]]] = {
    "Run": {
        "init": ("sites", "Make a site folder, its key and its ledger."),
        "demo": ("demo", "Tell one patient's story on fakes, from order to infusion, and show what comes out."),
        "drill": ("drill", "Practise a fault during an operation, on a throwaway simulated site."),
        "run": ("runs", "Issue a batch of a recipe, start it and run it."),
        "resume": ("runs", "Go on with a batch after a stop or a crash."),
        "simulate": ("simulating", "Run a recipe on fakes, over a grid of changes and seeds."),
        "rehearse": ("rehearsing", "Print when people are needed for a recipe that begins at a moment."),
        "check": ("preflight", "Ask every gate of a batch or recipe through its planned end."),
        "status": ("status", "Show what runs, who is waited for and which limit ends first."),
    },
    "Direct": {
        "hold": ("control", "Hold a batch or one step: it makes itself safe and waits."),
        "restart": ("control", "Let a held batch go on."),
        "pause": ("control", "Pause a batch at its next effect."),
        "unpause": ("control", "Let a paused batch go on."),
        "stop": ("control", "End a batch in an orderly way."),
        "abort": ("control", "End a batch at once."),
        "amend": ("amending", "Change the steps of a batch that have not begun."),
        "answer": ("people", "Answer what a batch asks of people."),
        "resolve": ("doubt", "Show what is in doubt and decide: done, not done or device defective."),
        "do": ("moves", "Move any object by one of its commands."),
        "label": ("labels", "Issue the next label of a container with what the record says of it, and print it."),
        "alarms": ("alarms", "Show what stands, acknowledge, shelve, report, watch the stores."),
    },
    "Look": {
        "show": ("looking", "Show one object: state, values, history, what is possible."),
        "list": ("looking", "List all objects of a kind."),
        "worklist": ("status", "List what waits for people."),
        "due": ("due", "List what has to be done, by whom and until when, the next first."),
        "board": (
            "planning",
            "Show every order and batch, the most urgent first, and what a delay or a loss would come to.",
        ),
        "stock": ("materials", "List every material: usable, kept, opened, in quarantine, and what has to be ordered."),
        "pick": (
            "materials",
            "List the lots that a batch would take, the first to expire first, and keep them on demand.",
        ),
        "bill": ("materials", "Put the bill of a batch beside what was issued, used and given back."),
        "labels": ("labels", "Say what has become of every label of a batch, split or container."),
        "documents": ("quality", "List the documents in force, or say what differs between two versions."),
        "causes": ("quality", "Count causes of deviations by their code, with what was done about each."),
        "risks": ("quality", "List the register of risks with RPN and action priority, the most urgent first."),
        "improvements": (
            "improving",
            "List the improvement board: each card with its measure before and during the trial, read off the ledger.",
        ),
        "wastes": ("improving", "Count the eight wastes as far as records show them, and say what they can't show."),
        "compare": (
            "comparing",
            "Put batches side by side: parameters that differ, results, yields, times and curves.",
        ),
        "query": ("querying", "Ask a table of the site; every row cites the events that it comes from."),
        "metrics": (
            "measuring",
            "Measure batches: yield, viability, contamination, turnaround, right first time, waiting.",
        ),
        "report": (
            "reporting",
            "Draw the trend report of a series for a period: charts, signals, capability, causes, changes.",
        ),
        "contrast": (
            "measuring",
            "Rank what failed batches share and good ones do not, with how likely chance alone would do that.",
        ),
        "gap": (
            "transferring",
            "Say what differs between two sites for a recipe, what blocks it, and what to do.",
        ),
        "throughput": (
            "throughput",
            "Simulate how many patients a month the site could take, and name what holds them up.",
        ),
        "transfer": ("transferring", "Move a process to another site or scale: its sheet, its package, its report."),
        "trace": ("tracing", "Show an id's way, forward and back, and what lies around it."),
        "logbook": (
            "plant",
            "Print the log of an asset or room in the order of time: use, cleaning, calibration, maintenance, faults.",
        ),
        "roles": ("tables", "Show who may do what."),
        "qualifications": ("staff", "Show who is qualified by which curriculum, until when, and what is missing."),
        "access": ("staff", "Show which rights each person has, since when, until when and by whom."),
        "notices": (
            "notices",
            "Send what is near, overdue or has followed by itself to those who have to act, and note what was sent.",
        ),
        "course": (
            "teaching",
            "List the courses that come with the program, or print the text or the questions of one.",
        ),
        "subject": ("subjects", "Enter who a subject is, or look who it is; both on the record, without the name."),
        "policies": ("tables", "Show what follows by itself from moves and alarms, and by which clause."),
        "diagram": ("tables", "Draw an operation or object as a state diagram (Mermaid)."),
    },
    "Prove": {
        "qualify": (
            "qualifying",
            "Execute a qualification protocol on an asset as far as it goes, or list the protocols.",
        ),
        "verify": ("verifying", "Check a ledger, site folder, exported record (.json) or sealed PDF."),
        "record": ("records", "Write the record of a batch as HTML, PDF, JSON, or XML for other systems (BatchML)."),
        "certificate": ("due", "Write the certificate of analysis of a lot; its SHA-256 is what a release states."),
        "papers": ("papers", "Write the papers of a shipment: waybill data, dangerous goods, packing list, pro-forma."),
        "downtime-pack": (
            "downtime",
            "Print numbered forms of the steps that are not over, for when the program is down.",
        ),
        "inspect": ("inspecting", "Look at the site as an inspector; every look is on the record before it is shown."),
        "sections": (
            "submitting",
            "List which sections of a submission the records carry, or write the tables of one.",
        ),
        "walkthrough": (
            "walking",
            "Write pages that lead an inspector through the site; that they were asked for is on the record first.",
        ),
        "dossier": ("inspecting", "Put all that is on record about a lot, an asset or a period into one file."),
        "narrative": ("quality", "Tell what is on record about an object; every sentence cites its event."),
        "bundle": (
            "plant",
            "Write the timeline, state and parameters of an asset into one file, for the report of a fault.",
        ),
        "backup": ("backups", "Copy a site as a folder, or as one file (.tar), while its owner goes on."),
        "restore": ("backups", "Restore a site from a backup, or try whether it could be restored."),
        "ledger-sql": ("databases", "Print the SQL that makes a schema of PostgreSQL for a ledger."),
    },
    "Devices and files": {
        "instruments": ("instruments", "List drivers, check and identify the instruments of a site."),
        "fakes": ("fakes", "List the fakes, or serve one on a port."),
        "exchange": ("exchanging", "Write a batch in standard forms, and take what laboratories and centres send."),
        "lims": ("lims", "Send tests to the system of the laboratory and fetch its results."),
        "read": ("reading", "Give clean data from an instrument's result file."),
        "judge": ("reading", "Judge a curve by the criteria of a recipe, a plate by those of a specification."),
        "calc": ("calculating", "Do a calculation and show its working."),
        "diff": ("calculating", "Say in words what differs between two recipes."),
    },
    "Write your own": {
        "new": ("new", "Write a working start: a project, an operation, a driver or a recipe."),
    },
}
COMMANDS = {name: entry for family in FAMILIES.values() for name, entry in family.items()}


class Lazy(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click asks so
        """Give the names in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  as above
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{HERE}.{COMMANDS[cmd_name][0]}")
        found: click.Command = module.COMMANDS[cmd_name]
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one is answered with the nearest name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], COMMANDS, n=1, cutoff=0.5)
            meant = f"did you mean {close[0]!r}?" if close else "see: cellwright --help"
            raise click.UsageError(f"there is no command {args[0]!r}; {meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  as above
        """Write the families of commands without importing one."""
        for family, commands in FAMILIES.items():
            with formatter.section(family):
                formatter.write_dl([(name, what) for name, (_, what) in commands.items()], col_max=14)


def _version(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:  # noqa: FBT001  click's own form
    if asked:
        import importlib.metadata  # noqa: PLC0415  only when asked

        click.echo(f"cellwright {importlib.metadata.version('cellwright')}")
        ctx.exit(GOOD)


@click.group(
    cls=Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with: cellwright demo. Every command has --help with an example; those that print data take --json.",
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the release.")
def cli() -> None:
    """Make cell therapies with instruments, or with fakes of them, on one tamper-evident record."""


def run(make: "Callable[[], Opener]", words: Sequence[str] | None = None) -> int:
    """Run one command; gives its exit status. The one border where every error ends."""
    from automation.surfaces.cli.common import Session  # noqa: PLC0415  keeps the import of help short

    try:
        found = cli.main(
            args=None if words is None else list(words),
            prog_name="cellwright",
            obj=Session(make),
            standalone_mode=False,
        )
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GOOD
    except (KeyboardInterrupt, click.Abort):
        return _say("stopped", STOPPED)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return WRONG
    except click.ClickException as error:
        return _say(_usage(error), WRONG)
    except InputError as error:
        return _say(str(error), WRONG)
    except CellwrightError as error:
        return _say(str(error), NO)
    except OSError as error:
        return _say(f"{error.filename or 'the system'}: {error.strerror or error}", WRONG)
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        kind = type(error).__name__
        return _say(f"a mistake of the program, not of yours: {kind}: {error}; {TRACEBACK}=1 shows where", MISTAKE)
    return found if isinstance(found, int) else GOOD


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "cellwright"
    return f"{error.format_message().rstrip('.')} (see: {path} --help)"


def _say(text: str, status: int) -> int:
    """Write one paragraph to standard error."""
    click.echo(f"cellwright: {' '.join(text.split())}", err=True)
    return status
