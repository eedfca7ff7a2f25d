"""One batch in one storm: run to its end with people who decide about what is in doubt, and everything looked at.

Units: s of simulated time.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from automation.bootstrap import Way
from automation.engine.site import Site
from automation.gmp.registry import KINDS
from automation.kernel.errors import CellwrightError
from automation.ledger.event import Event
from automation.views.story import tell
from fakes.faults import Faults
from tests.storms.crew import Crew, counted, done
from tests.support.runs import BATCH, Run, make_site, plant_of, run_batch


@dataclass(slots=True)
class Weathered:
    """What is seen of a batch after a storm."""

    run: Run
    recorded: Mapping[tuple[str, str], int] = field(
        default_factory=dict
    )  # acts of an asset that the ledger holds as done
    counted: dict[tuple[str, str], int] = field(default_factory=dict)  # the same by the device's own counter
    differ: dict[str, tuple[str, str]] = field(default_factory=dict)  # objects that fold to something else
    places: dict[str, str] = field(default_factory=dict)  # of containers in the world
    balance: dict[str, tuple[float, float]] = field(default_factory=dict)  # amounts in the world before and after
    fell: list[str] = field(default_factory=list)  # what fell out of the program
    batch: str = BATCH


class _Ears(logging.Handler):
    """Hears what the loop could not give to anybody."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note one line."""
        self.heard.append(record.getMessage().splitlines()[0])


def weathered(
    folder: Path, faults: Faults, *, site: str = "a", recipe: str = "freeze-day", watch: Callable[[Site], object] = Crew
) -> Weathered:
    """Run one batch of a recipe on a new site in this weather, under these eyes."""
    seen: list[Site] = []
    before: dict[str, float] = {}

    def hook(opened: Site) -> None:
        seen.append(opened)
        before.update(_amounts(opened))
        watch(opened)

    ears = _Ears()
    logger = logging.getLogger("asyncio")
    logger.addHandler(ears)
    try:
        run = run_batch(make_site(folder, site), hook, way=Way(faults=faults), recipe=recipe)
    except (CellwrightError, AssertionError, TypeError, ValueError, KeyError, RuntimeError) as fell:
        run = Run(folder, state="fallen", error=f"{type(fell).__name__}: {fell}")
    finally:
        logger.removeHandler(ears)
    found = Weathered(run, fell=ears.heard)
    if seen and not run.error:
        _look(seen[0], found, before)
    return found


def _look(site: Site, found: Weathered, before: Mapping[str, float]) -> None:
    """Look at devices, objects and world after the end."""
    found.recorded = done(found.run.events)
    for asset, method in found.recorded:
        number = counted(site, asset, method=method)
        if number is not None:
            found.counted[asset, method] = number
    found.differ = _folded_again(found.run)
    world = plant_of(site).world
    found.places = {name: world.container(name).place for name in world.names()}
    found.balance = {what: (before[what], now) for what, now in _amounts(site).items() if what in before}


def _amounts(site: Site) -> dict[str, float]:
    world = plant_of(site).world
    whole = world.total() - world.made
    solutes = {f"{name} (g)": amount for name, amount in whole.solutes.items()}
    return {"volume (mL)": float(whole.volume), "cells": float(whole.cells), "mass (g)": float(whole.mass), **solutes}


def _folded_again(run: Run) -> dict[str, tuple[str, str]]:
    """Fold every object from the events alone, and give those that are not what the program held."""
    streams: dict[str, list[Event]] = {}
    for event in run.events:
        word, _, name = event.stream.partition("/")
        if word in KINDS and "/" not in name:
            streams.setdefault(event.stream, []).append(event)
    again = {name: repr(tell(KINDS[name.partition("/")[0]], tuple(events)).now) for name, events in streams.items()}
    live = {name: repr(thing) for name, thing in run.things.items()}
    return {name: (live.get(name, "nothing"), was) for name, was in again.items() if live.get(name) != was}
