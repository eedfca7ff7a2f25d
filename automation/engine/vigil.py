"""The vigil of a site: alarms that time acts on, suppression by design, policies, and every watch.

Started once, after the devices are connected and before anybody works; stopped when the site closes.
"""

from functools import partial

from automation.engine import masters
from automation.engine.afterwards import Afterwards
from automation.engine.alarm_times import AlarmTimes
from automation.engine.alarmmodel import Vigilance
from automation.engine.calling import Calling
from automation.engine.following import STREAM as FOLLOWING
from automation.engine.following import Following
from automation.engine.monitor import Monitor, recent_of
from automation.engine.outboxkeeper import OutboxKeeper
from automation.engine.policies import STREAM, Policies
from automation.engine.recalculation import Recalculation
from automation.engine.recipe.model import Recipe
from automation.engine.recipe.spec import TABLE
from automation.engine.recorder import Recorder
from automation.engine.site import Site
from automation.engine.subjects import Keeper, sealed_of
from automation.engine.suppression import Suppression
from automation.engine.trends import Recent
from automation.gmp.product.batches import Batch
from automation.kernel.errors import InputError


def keep_vigil(site: Site, *, careful: bool) -> None:
    """Begin; ``careful`` writes every reading at once. Raises InputError for alarms that fit no device or state."""
    house, vigilance = site.house, site.file.vigilance
    _check(site, vigilance)
    afterwards = Afterwards()
    times = AlarmTimes(house.door)
    calling = Calling(house.door, vigilance.roster, afterwards)
    Following(house.door, Recorder(house.ledger, house.clock, FOLLOWING), afterwards).start()
    Recalculation(house, partial(_recipe_of, site), afterwards).start()
    Keeper(house, sealed_of(site), afterwards).start()
    Suppression(house.ledger, house.door, vigilance.alarms.values(), afterwards)
    Policies(house.door, Recorder(house.ledger, house.clock, STREAM), vigilance, calling, afterwards).start()
    site.at_close += [afterwards.run, times.stop, calling.stop]
    if site.file.notices is not None:
        keeper = OutboxKeeper(site, site.file.notices)
        keeper.start()
        site.at_close.append(keeper.stop)
    for entry in vigilance.watched.values():
        recent = Recent(recent_of(site.folder, entry.asset), every=False, lasting=not site.file.simulated)
        monitor = Monitor(house, entry, vigilance.of_asset(entry.asset), recent, careful=careful)
        monitor.start()
        site.at_close.append(monitor.stop)
        site.monitors[entry.asset] = monitor


def _recipe_of(site: Site, batch: Batch) -> Recipe:
    """Give the recipe that a batch goes by, as it runs here or as it was kept; raises InputError when it is lost."""
    run = site.batches.get(batch.id)
    return run.recipe if run is not None else masters.recall(site.folder, batch, site.house.operations)


def _check(site: Site, vigilance: Vigilance) -> None:
    """Raise InputError for a watch without a driver, an alarm that nobody watches, and states that no step has."""
    for entry in vigilance.watched.values():
        if entry.asset not in site.house.devices:
            raise InputError(f"{entry.asset} can't be watched: it has no driver", where=entry.where)
    tables = {name: getattr(spec.operation, TABLE) for name, spec in site.house.operations.items()}
    places = {f"{name}.{state}" for name, table in tables.items() for state in table.states}
    for one in vigilance.alarms.values():
        if one.asset not in vigilance.watched:
            raise InputError(f"alarm {one.id} is on {one.asset}, which is not in stores or watches", where=one.where)
        _known(one.suppressed_in, places, where=one.where)
    for policy in vigilance.policies.values():
        _known(policy.during, places, where=policy.where)


def _known(stated: tuple[str, ...], places: set[str], *, where: str) -> None:
    for place in stated:
        if place not in places:
            operation = place.partition(".")[0]
            there = sorted(one for one in places if one.startswith(f"{operation}.")) or sorted(places)
            raise InputError(f"{place!r} is no state of an operation; known: {', '.join(there)}", where=where)
