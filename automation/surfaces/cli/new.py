"""``new``: a small working start of a project, an operation, a driver or a recipe, under the author's own name."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from automation.surfaces.authoring import projects, recipes
from automation.surfaces.authoring.names import read
from automation.surfaces.authoring.projects import Written
from automation.surfaces.cli.common import Session, as_json, emit, session

INSTALL = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable")
"""What makes entry points known; needs hatchling, which comes with the locks."""

inside = click.option(
    "--in",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    show_default=True,
    metavar="DIR",
    help="Folder of the project.",
)
alone = click.option("--no-install", "install", is_flag=True, default=True, flag_value=False, help="Only write files.")


@click.group("new", epilog="Example: cellwright new project my-lab")
def new() -> None:
    """Write a working start: a project, an operation, a driver or a recipe."""


@new.command("project", epilog="Example: cellwright new project my-lab")
@click.argument("name")
@click.option("--in", "folder", type=click.Path(path_type=Path), default=".", metavar="DIR", help="Where to make it.")
@alone
@as_json
def project(name: str, *, folder: Path, install: bool, as_json: bool) -> None:
    """Write a project: a package of your own with a simulated site, a first recipe and tests."""
    named = projects.read_name(name, "project", "sites", "hands")
    written = projects.write_project(named, folder)
    here = written.folder
    _tell(
        "project",
        written,
        (
            f"cd {here} && pytest",
            f"cellwright simulate {named.kebab}-first --site {named.kebab}",
            f"cellwright new operation NAME --in {here}",
        ),
        install=install,
        as_json=as_json,
    )


@new.command("operation", epilog="Example: cellwright new operation cold-rest --in my-lab")
@click.argument("name")
@inside
@alone
@as_json
def operation(name: str, *, folder: Path, install: bool, as_json: bool) -> None:
    """Write an operation with a recipe that runs it, its tests and its page.

    docs/new-operation.md leads from an SOP to it.
    """
    there = projects.find(folder)
    named = projects.read_name(name, "operation", "operations", "recipes")
    written = projects.write_operation(there, named)
    _tell(
        "operation",
        written,
        (
            f"pytest {folder / 'tests' / f'test_{named.snake}.py'}",
            f"cellwright simulate {named.kebab}-pilot --site {there.name.kebab}",
            f"cellwright diagram {named.snake}",
        ),
        install=install,
        as_json=as_json,
    )


@new.command("driver", epilog='Example: cellwright new driver tr20 --class "tube rocker" --in my-lab')
@click.argument("name")
@click.option("--class", "kind", default="", metavar="WORDS", help="What the device is; else the name of the driver.")
@inside
@alone
@as_json
def driver(name: str, *, kind: str, folder: Path, install: bool, as_json: bool) -> None:
    """Write a driver with its interface, its fake, vectors, tests and its page.

    docs/new-driver.md leads from a vendor's manual to it.
    """
    there = projects.find(folder)
    named = projects.read_name(name, "driver", "drivers", "fakes")
    device = read(kind.replace(" ", "-"), what="--class") if kind else read(f"{name}-device"[:24], what="driver")
    written = projects.write_driver(there, named, device=device)
    _tell(
        "driver",
        written,
        (f"pytest {folder / 'tests' / f'test_{named.snake}.py'}", f"cellwright fakes serve {named.snake} --pty"),
        install=install,
        as_json=as_json,
    )


@new.command("recipe", epilog="Example: cellwright new recipe my-day receive count --in my-lab")
@click.argument("name")
@click.argument("operations", nargs=-1, metavar="[OPERATION]...")
@click.option("--variant-of", "of", default="", metavar="RECIPE", help="Write what differs from this recipe.")
@inside
@alone
@as_json
@session
def recipe(  # noqa: PLR0913  one parameter for each option
    session: Session,
    name: str,
    operations: tuple[str, ...],
    *,
    of: str,
    folder: Path,
    install: bool,
    as_json: bool,
) -> None:
    """Write a recipe of operations, with the values of installed recipes, or a variant of one."""
    if bool(of) == bool(operations):
        raise click.UsageError("name operations, in their order, or a recipe with --variant-of")
    there = projects.find(folder)
    named = projects.read_name(name, "recipe", "recipes")
    known = session.opener.operations()
    text = recipes.of_another(named, of, known) if of else recipes.from_operations(named, operations, known)
    written = projects.write_recipe(there, named, text)
    look = f"cellwright diff {of} {named.kebab}" if of else f"cellwright simulate {named.kebab}"
    _tell("recipe", written, (look,), install=install, as_json=as_json)


def _tell(kind: str, written: Written, then: Sequence[str], *, install: bool, as_json: bool) -> None:
    """Install what was written, and say what there is now and what comes next."""
    trouble = _install(written.folder) if install else ""
    by_hand = f"python {' '.join(INSTALL)} {written.folder}"
    following = [*([] if install and not trouble else [by_hand]), *then]
    if as_json:
        files = {"new": written.new, "changed": written.changed}
        done = install and not trouble
        emit({"kind": kind, "folder": str(written.folder), **files, "installed": done, "next": following})
    else:
        rows = [*(f"  new      {path}" for path in written.new), *(f"  changed  {path}" for path in written.changed)]
        state = "installed, editable" if install and not trouble else "not installed yet"
        click.echo(
            "\n".join([f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} stands in {written.folder}, {state}:", *rows])
        )
        click.echo("\n".join(f"{'next: ' if n == 0 else '      '}{line}" for n, line in enumerate(following)))
    if trouble:
        raise click.ClickException(f"everything is written; pip could not install it: {trouble}")


def _install(folder: Path) -> str:
    """Install a project into the environment that runs; gives why that failed, empty when it did not."""
    command = [sys.executable, *INSTALL, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own words, no shell
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no reason given"])[-1]


COMMANDS = {"new": new}
