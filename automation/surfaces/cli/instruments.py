"""``instruments``: the installed drivers, and the instruments of a site: ready, and who they say they are."""

from collections.abc import Mapping
from pathlib import Path

import click

from automation.engine.site import Site
from automation.gmp.bodies.assets import Identity
from automation.gmp.plant.assets import Asset
from automation.kernel.clock import iso
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, say_no, session, site, table
from automation.surfaces.cli.port import Opening


@click.group(epilog="Example: cellwright instruments check --site ./site-a")
def instruments() -> None:
    """List drivers, check and identify the instruments of a site."""


@instruments.command("list", epilog="Example: cellwright instruments list")
@as_json
@session
def list_(session: Session, *, as_json: bool) -> None:
    """List the installed drivers and what their bytes are known from."""
    found = session.opener.drivers()
    if as_json:
        emit({"items": found})
        return
    heads = ("driver", "kind", "level", "interface", "transports", "without us", "source")
    rows = (
        [
            ", ".join(v) if isinstance(v, tuple) else v
            for v in (d.name, d.kind, d.level, d.interface, d.transports, d.on_host_loss, d.source)
        ]
        for d in found
    )
    click.echo(table(heads, rows))


@instruments.command(epilog="Example: cellwright instruments check --site ./site-a")
@site
@as_json
@session
def check(session: Session, folder: Path, *, as_json: bool) -> None:
    """Ask the record which instruments are ready; talks to none. Exit status 1 when one is not."""
    with looked(session, folder) as (file, objects):
        assets = [thing for thing in objects.every("asset") if isinstance(thing, Asset)]
        found = [_line(asset, objects.now, zone=objects.zone) for asset in assets]
    if as_json:
        emit({"simulated": file.simulated, "items": found})
    else:
        mark(file.name, simulated=file.simulated)
        heads = ("asset", "class", "driver", "serial", "calibration due", "qualification due", "ready")
        click.echo(
            table(
                heads,
                (
                    [*list(one.values())[:-1], "yes" if not one["missing"] else f"NO: {'; '.join(one['missing'])}"]
                    for one in found
                ),
            )
        )
    if any(one["missing"] for one in found):
        say_no()


@instruments.command(epilog="Example: cellwright instruments identify crf-01 --site ./site-a")
@click.argument("asset", default="")
@site
@as_json
@session
def identify(session: Session, asset: str, folder: Path, *, as_json: bool) -> None:
    """Ask the instruments of a site who they are. Exit status 1 when one is another than registered, or is silent."""
    file = session.opener.site(folder)
    if asset and asset not in file.assets:
        raise InputError(f"asset is {asset!r}; this site has: {', '.join(file.assets)}")

    async def job(here: Site) -> list[Asset]:
        every = (thing for thing in here.house.door.every("asset") if isinstance(thing, Asset))
        return [thing for thing in every if (thing.seen or thing.lost) and asset in {"", thing.id}]

    found = session.opener.work(folder, job, Opening(staffed=False))
    lines = [
        {"asset": one.id, **(one.seen or Identity()).model_dump(), "as_registered": _same(one), "lost": one.lost}
        for one in found
    ]
    if as_json:
        emit({"simulated": file.simulated, "items": lines})
    else:
        mark(file.name, simulated=file.simulated)
        heads = ("asset", "maker", "model", "serial", "firmware", "configuration", "as registered")
        click.echo(table(heads, ([*list(one.values())[:-2], _told(one)] for one in lines)))
    if not all(one["as_registered"] for one in lines):
        say_no()


def _line(asset: Asset, now: Instant, *, zone: str) -> dict[str, str | list[str]]:
    return {
        "asset": asset.id,
        "class": asset.asset_class,
        "driver": asset.driver,
        "serial": asset.serial,
        "calibration_due": _due(asset.calibration_due, zone) if asset.needs_calibration else "not needed",
        "qualification_due": _due(asset.qualification_due, zone),
        "missing": list(asset.ready(now)),
    }


def _same(asset: Asset) -> bool:
    seen, names = asset.seen, ("maker", "model", "serial", "firmware")
    if seen is None or asset.lost:
        return False
    return all(getattr(seen, n) in {"", getattr(asset, n)} or not getattr(asset, n) for n in names)


def _told(line: Mapping[str, object]) -> str:
    if line["lost"]:
        return f"NO: does not answer: {line['lost']}"
    return "yes" if line["as_registered"] else "NO"


def _due(moment: Instant | None, zone: str) -> str:
    return iso(moment, zone=zone)[:16].replace("T", " ") if moment is not None else "never"


COMMANDS = {"instruments": instruments}
