"""``init``: make a site folder, its key and its ledger; a site is simulated or live for ever."""

from importlib.metadata import entry_points
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from automation.engine.recipe.source import GROUP
from automation.engine.setup import Administrator, take_office
from automation.engine.site import Site
from automation.engine.sitefile import FILE
from automation.kernel.errors import InputError
from automation.ledger.file import NAME
from automation.ledger.where import POINTER
from automation.surfaces.cli.access import chosen
from automation.surfaces.cli.common import Session, as_json, emit, pairs, session

LIVE = """\
# A live site. What stands here is recorded with every change; persons register through the door, not here.
# How to write this file: docs/command-line.md. Check it with: cellwright instruments check

site:
  name: {name}
  mode: live
  zone: {zone}

# Roles and their rights: perform, verify, supervise, issue, review, approve, investigate, release material,
# maintain, administer, read.
roles:
  administrator: [administer]
  operator: [perform, verify, read]
  supervisor: [perform, verify, supervise, issue, read]
  quality: [verify, review, approve, investigate, release material, read]
  engineer: [maintain, read]

terminals:
  terminal-1: {{location: Bench 1}}

# One entry for each device or place, for example:
#   crf-01:
#     class: controlled rate freezer
#     driver: eurotherm_modbus
#     port: serial:/dev/ttyUSB0
#     serial: "123456"
assets: {{}}
"""


@click.command(epilog="Example: cellwright init ./site-a --simulated --site a")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--simulated", is_flag=True, help="A site of fakes and scripted people; it never becomes a live one.")
@click.option(
    "--site",
    "which",
    default="a",
    show_default=True,
    help="Which simulated site: a, b, c (storage), or one of your own package.",
)
@click.option("--name", default="", help="Name of a live site; else that of the folder.")
@click.option("--zone", default="UTC", show_default=True, help="Time zone of a live site, for example Europe/Berlin.")
@click.option(
    "--ledger",
    default="",
    metavar="WORDS",
    help="Keep the ledger in PostgreSQL (docs/postgresql.md): 'service=site-a schema=site_a'; never a password.",
)
@click.option("--admin", default="", metavar="USER", help="First administrator of a live site; the secret is asked.")
@click.option("--admin-name", default="", metavar="NAME", help="Printed name of the administrator.")
@as_json
@session
def init(  # noqa: PLR0913  one parameter for each option
    session: Session,
    folder: Path,
    which: str,
    *,
    name: str,
    zone: str,
    ledger: str,
    admin: str,
    admin_name: str,
    simulated: bool,
    as_json: bool,
) -> None:
    """Make a site folder, its key and its ledger.

    With --admin on a live site that is there already and has nobody yet: register its first administrator.
    """
    if ledger and (folder / FILE).exists():
        raise InputError(f"--ledger is for a new site; {folder} has its ledger: move it by backup and restore --ledger")
    first = _administrator(admin, admin_name, simulated=simulated)
    if first is None or not (folder / FILE).exists():
        live = LIVE.format(name=name or folder.resolve().name, zone=_zone(zone))
        session.opener.found(folder, session.opener.template(which) if simulated else live, ledger=ledger)
    file = session.opener.site(folder)
    if first is not None:
        session.opener.work(folder, lambda here: _take_office(here, first))
    made = {"simulated": file.simulated, "name": file.name, "folder": str(folder), "zone": file.zone}
    if as_json:
        emit(made if file.simulated else {**made, "administrator": admin})
        return
    kind = "a SIMULATED site" if file.simulated else "a live site"
    click.echo(f"{folder} is {kind} now: {file.name}")
    parts = {
        "site.yaml": "what is here, who works here; edit it",
        "site.key": "signs the record: keep a copy elsewhere, show it to nobody",
        **({POINTER: "where the record is, in PostgreSQL"} if ledger else {NAME: "the record"}),
    }
    click.echo(pairs(parts))
    storage = bool(file.vigilance.stores)
    click.echo(f"next: {_next(folder, admin, recipe=_recipe(which) if file.simulated else '', storage=storage)}")


def _next(folder: Path, admin: str, *, recipe: str, storage: bool) -> str:
    """Say what comes next; only a simulated site has a recipe to begin with."""
    if recipe and storage:
        return f"cellwright alarms watch --for '24 h' --site {folder}"
    if recipe:
        return f"cellwright run {recipe} --site {folder} --batch B-001"
    if not admin:
        return f"cellwright init {folder} --admin USER --admin-name NAME"
    return f"cellwright do person USER register --name NAME --roles '[\"operator\"]' --as {admin} --site {folder}"


def _recipe(site: str) -> str:
    """Name a recipe for a packaged site: the first of the package that brings the site, else the main job."""
    brings = {point.value.partition(".")[0] for point in entry_points(group="cellwright.sites", name=site)}
    recipes = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return next((point.name for point in recipes if point.value.partition(".")[0] in brings), "final-day")


def _administrator(user: str, name: str, *, simulated: bool) -> Administrator | None:
    """Give the first administrator with a secret of the person's own choice; None when nobody is named."""
    if not user:
        return None
    if simulated:
        raise InputError("--admin is for live sites; the people of a simulated site stand in its file")
    if not name:
        raise InputError("--admin needs --admin-name: the printed name beside each signature")
    return Administrator(user, name, chosen(user))


async def _take_office(here: Site, first: Administrator) -> None:
    if here.file.simulated:
        raise InputError(f"{here.folder} is a simulated site; --admin is for live ones")
    take_office(here.house.door, here.credentials, here.file, first)


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(f"--zone is {name!r}; an IANA time zone is needed, for example Europe/Berlin or UTC") from None


COMMANDS = {"init": init}
