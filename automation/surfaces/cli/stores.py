"""``show store ID``: what an operator in gloves needs: how long, what is in it, where each container goes.

``show watch ID``: the last readings of a device that is watched for what it measures.
"""

from collections.abc import Mapping
from pathlib import Path

import click

from automation.engine.recipe.yaml_source import nearest
from automation.kernel.clock import iso
from automation.kernel.errors import InputError
from automation.surfaces.cli.alarms import look_round
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, emit, mark, table
from automation.views.stores import LEVEL, STALE, WARM, Store, standing, watched
from automation.views.wording import NOTHING, span


def show_store(session: Session, name: str, folder: Path, *, as_json: bool) -> None:
    """Show a store; raises InputError for one that is not watched here."""
    with looked(session, folder) as (file, objects):
        if name not in file.vigilance.stores:
            raise InputError(f"store is {name!r}; {nearest(name, file.vigilance.stores)}")
        found = look_round(file, objects, folder)
        zone = objects.zone
    store, plan = found.stores.every[name], found.stores.plan(name)
    if as_json:
        emit({"simulated": file.simulated, "as_of": iso(found.now, zone=zone), "store": store, "plan": plan})
        return
    mark(file.name, simulated=file.simulated)
    click.echo(f"store {name}, as of {iso(found.now, zone=zone)[:19]}\n")
    click.echo(f"  {_left(store)}")
    click.echo(f"  {_seen(store)}")
    click.echo(f"  {len(store.contents)} containers in it, {len(store.free)} free places")
    if store.alarms:
        click.echo(f"  alarms: {', '.join(store.alarms)}")
    if plan:
        click.echo("\nwhere each can go, in this order")
        click.echo(table(("take", "from", "to"), [(one.container, one.position, one.to or "NO PLACE") for one in plan]))
    others = [one for one in found.stores.every.values() if one.id != name]
    rows = [(one.id, "yes" if one.in_order else "NO", len(one.free), _time(one), _brief(one)) for one in others]
    click.echo("\nother stores")
    click.echo(table(("store", "in order", "free", "keeps cold", "readings"), rows))


def show_watch(session: Session, name: str, folder: Path, *, as_json: bool) -> None:
    """Show the last readings of a watched device; raises InputError for one that is not watched here."""
    with looked(session, folder) as (file, objects):
        entry = file.vigilance.watches.get(name)
        if entry is None:
            raise InputError(f"watch is {name!r}; {nearest(name, file.vigilance.watches)}")
        found, alarms = watched(objects, folder, entry), standing(objects, name)
        now, zone = look_round(file, objects, folder).now, objects.zone
    stale = found.at is None or float(now - found.at) > STALE * float(entry.every)
    at = iso(found.at, zone=zone) if found.at is not None else ""
    if as_json:
        told = {"at": at, "stale": stale, "readings": found.values, "units": found.units, "alarms": alarms}
        emit({"simulated": file.simulated, "as_of": iso(now, zone=zone), "watch": {"id": name, **told}})
        return
    mark(file.name, simulated=file.simulated)
    click.echo(f"watch {name}, as of {iso(now, zone=zone)[:19]}\n")
    click.echo(f"  {_told(found.values, found.units, at=at, stale=stale)}")
    if alarms:
        click.echo(f"  alarms: {', '.join(alarms)}")


def _left(store: Store) -> str:
    if store.left is None:
        return "HOW LONG IT KEEPS COLD IS NOT KNOWN: no temperature; read it at the store"
    if store.left <= 0.0:
        return f"IT IS TOO WARM, above {store.highest:g} degC, or may be by now"
    return f"keeps cold for {span(store.left)} without help ({store.source})"


def _time(store: Store) -> str:
    return NOTHING if store.left is None else span(store.left)


def _brief(store: Store) -> str:
    """Give level and warmest temperature alone."""
    warm = [value for name, value in store.readings.items() if name.startswith(WARM) and value is not None]
    level = store.readings.get(LEVEL)
    shown = [*([f"level {level:.4g} %"] if level is not None else []), *([f"{max(warm):.4g} degC"] if warm else [])]
    return ("NOT READ LATELY: " if store.stale else "") + (", ".join(shown) or "not read")


def _seen(store: Store) -> str:
    return _told(store.readings, store.units, at=store.at, stale=store.stale)


def _told(values: Mapping[str, float | None], units: Mapping[str, str], *, at: str, stale: bool) -> str:
    """Give the last readings as one line; old ones say so."""
    shown = [
        f"{name} {'not read' if value is None else f'{value:.4g} {units[name]}'.removesuffix(' 1')}"
        for name, value in values.items()
    ]
    old = "NOT READ LATELY, last at " if stale else ""
    return f"{old}{at[:19]}: {', '.join(shown)}" if shown else "never read"
