"""What a check works with: the open site, its asset, and the instrument, of which every exchange goes on the record.

An effect of a check is recorded as one of a step of a batch is: *call* before it, *reply* after it. Killed in between,
the check runs again and the record answers what was done already; what nobody knows is not done again.
Source: design rules for effects (nothing done twice); EU GMP Annex 15, 2.4.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_type_hints

from automation.engine.alarms import Alarms
from automation.engine.binding import STAY, Binding, Bound, Stay
from automation.engine.gates import StepGates
from automation.engine.handles import Container, Lot
from automation.engine.house import Device
from automation.engine.journal import Journal
from automation.engine.recorder import Recorder
from automation.engine.site import Site
from automation.engine.trends import Trends
from automation.engine.troubles import StepTroubles
from automation.engine.watch import Watch
from automation.gmp.plant.assets import Asset
from automation.gmp.plant.qualifications import Qualification
from automation.kernel.effect import Effect, effects
from automation.kernel.errors import FailedError, GateError, InputError


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found: in words or as a number, whether it is good, the files it keeps, the events it rests on."""

    actual: str
    met: bool
    files: Mapping[str, bytes] = field(default_factory=dict)
    cites: tuple[int, ...] = ()
    waits: str = ""  # what has to happen before it can be found out; then nothing else counts


@dataclass(frozen=True, slots=True)
class Asked:
    """One check of one step, at an open site; ``told`` is what the protocol tells it."""

    site: Site
    qualification: Qualification
    step: str
    attempt: int
    told: Mapping[str, str]
    folder: Path | None  # beside the protocol's file
    by: str = ""

    @property
    def asset(self) -> Asset:
        """Give the asset as it is registered."""
        found = self.site.house.door.find("asset", self.qualification.asset)
        if not isinstance(found, Asset):
            raise TypeError(found)
        return found

    @property
    def recorder(self) -> Recorder:
        """Give the pen of this attempt at this step."""
        house, name = self.site.house, f"{self.step}.{self.attempt}"
        return Recorder(house.ledger, house.clock, f"qualification/{self.qualification.id}/check/{name}", house.careful)

    @property
    def device(self) -> Device:
        """Give the asset's device; raises FailedError for one without a driver."""
        found = self.site.house.devices.get(self.qualification.asset)
        if found is None:
            raise FailedError(
                f"asset {self.qualification.asset} has no driver at this site; nothing can be asked of it"
            )
        return found


@dataclass(frozen=True, slots=True)
class Check:
    """One named check: what it has to be told, what it may be told, and what it does."""

    what: str  # one sentence, for the page
    run: Callable[[Asked], Coroutine[object, object, Found]]
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gates:
    """What may be touched while an asset is qualified: itself, and nothing of a patient."""

    asset: str

    def check(self, asset: str, effect: Effect, touched: tuple[Container | Lot, ...]) -> None:  # noqa: ARG002  as gates
        """Raise GateError for another asset, a container or a lot."""
        if asset != self.asset or touched:
            raise GateError(f"a qualification of {self.asset} touches nothing but it")


@dataclass(frozen=True, slots=True)
class Hand:
    """The instrument in a check's hand: its methods by name, and a watch."""

    bound: object
    watch: Watch
    trends: Trends

    def method(self, name: str) -> Bound:
        """Give a method of the interface; raises InputError for one that it does not have."""
        found = getattr(self.bound, name, None)
        if not isinstance(found, Bound):
            raise InputError(f"method is {name!r}, which {type(self.bound).__name__} does not have")
        return found


def takes(device: Device, method: str, argument: str) -> object:
    """Give the type of an argument of a method; raises InputError for one that it does not take."""
    if method not in effects(device.interface):
        raise InputError(f"method is {method!r}; a {device.capability} has {', '.join(effects(device.interface))}")
    hints = get_type_hints(getattr(device.interface, method))
    if argument not in hints or argument == "return":
        raise InputError(f"{method} takes no {argument!r}; it takes {', '.join(n for n in hints if n != 'return')}")
    return hints[argument]


def in_hand(asked: Asked) -> Hand:
    """Take the instrument for one attempt at one step; what was done before is answered from the record."""
    house, device, recorder = asked.site.house, asked.device, asked.recorder
    journal = Journal(1)
    for event in house.ledger.stream(recorder.stream):
        journal.add(event)
    free = asyncio.Event()
    free.set()
    stay = Stay(1, journal, free)
    stay.on_doubt = _in_doubt
    STAY.set(stay)
    trends = Trends(recorder, house.blobs, house.recent)
    trends.restore(house.ledger.stream(recorder.stream))
    alarms = Alarms(house.door, batch="", step="")
    gates = StepGates(house.door, "", "", "")
    watch = Watch(recorder, trends, StepTroubles(recorder, gates, alarms, ()))
    bound = Binding(recorder, Gates(device.asset), intake=house.intake).bind(
        device.asset, device.driver, device.interface
    )
    return Hand(bound, watch, trends)


def _in_doubt(_n: int, what: str) -> None:
    """End the check: what nobody knows is looked at by a person, and the step repeated with a reason."""
    raise FailedError(f"nobody knows whether {what} took effect; look at the device, then repeat the step")
