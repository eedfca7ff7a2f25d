"""``init``: make a site folder, its key and its ledger; a site is simulated or live for ever."""

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from automation.kernel.errors import InputError
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
@click.option("--site", "which", default="a", show_default=True, help="Which packaged simulated site: a or b.")
@click.option("--name", default="", help="Name of a live site; else that of the folder.")
@click.option("--zone", default="UTC", show_default=True, help="Time zone of a live site, for example Europe/Berlin.")
@as_json
@session
def init(  # noqa: PLR0913  one parameter for each option
    session: Session, folder: Path, which: str, name: str, zone: str, *, simulated: bool, as_json: bool
) -> None:
    """Make a site folder, its key and its ledger."""
    text = (
        session.opener.template(which)
        if simulated
        else LIVE.format(name=name or folder.resolve().name, zone=_zone(zone))
    )
    session.opener.found(folder, text)
    file = session.opener.site(folder)
    made = {"simulated": file.simulated, "name": file.name, "folder": str(folder), "zone": file.zone}
    if as_json:
        emit(made)
        return
    kind = "a SIMULATED site" if file.simulated else "a live site"
    click.echo(f"{folder} is {kind} now: {file.name}")
    parts = {
        "site.yaml": "what is here, who works here; edit it",
        "site.key": "signs the record: keep a copy elsewhere, show it to nobody",
        "ledger.sqlite": "the record",
    }
    click.echo(pairs(parts))
    follow = (
        f"cellwright run freeze-day --site {folder} --batch B-001"
        if file.simulated
        else f"cellwright instruments check --site {folder}"
    )
    click.echo(f"next: {follow}")


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(f"--zone is {name!r}; an IANA time zone is needed, for example Europe/Berlin or UTC") from None


COMMANDS = {"init": init}
