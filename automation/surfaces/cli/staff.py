"""``access``: which rights each person has, since when, until when and by whom."""

from dataclasses import asdict
from pathlib import Path

import click

from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, session, site, table
from automation.views.access import register


@click.command(epilog="Example: cellwright access --past --person anna --site ./site-a")
@click.option("--person", default="", help="One person; else all.")
@click.option("--past", is_flag=True, help="What has ended, too.")
@site
@as_json
@session
def access(session: Session, person: str, folder: Path, *, past: bool, as_json: bool) -> None:
    """Show which rights each person has, since when, until when and by whom."""
    with looked(session, folder) as (file, objects):
        if person:
            objects.known("person", person)
        found = list(register(objects, person=person, past=past))
    if as_json:
        emit({"simulated": file.simulated, "items": [asdict(line) for line in found]})
        return
    mark(file.name, simulated=file.simulated)
    heads = ("person", "staff", "rights", "since", "by", "until", "ended", "ended by", "why")
    rows = (
        (f"{o.person} ({o.name})", o.staff, ", ".join(o.rights), o.since, o.by, o.until, o.ended, o.ended_by, o.reason)
        for o in found
    )
    click.echo(table(heads, rows))


COMMANDS = {"access": access}
