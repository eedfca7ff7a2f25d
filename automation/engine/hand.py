"""An instrument in the program's hand outside of a batch, every exchange of it on the record.

An effect is recorded as one of a step is: *call* before it, *reply* after it, in a stream of its own. Whoever works
with it again after a stop gets from the record what was done already; what nobody knows is not done again.
Units: s.
"""

import asyncio
from dataclasses import dataclass, field

from automation.engine.binding import STAY, Binding, Bound, Stay
from automation.engine.handles import Container, Lot
from automation.engine.house import Device, House
from automation.engine.journal import Journal
from automation.engine.recorder import Recorder
from automation.engine.trends import Trends
from automation.engine.troubles import Gap
from automation.engine.watch import Watch
from automation.kernel.effect import Effect
from automation.kernel.errors import FailedError, GateError, InputError
from automation.kernel.quantity import Instant


@dataclass(frozen=True, slots=True)
class Gates:
    """What may be touched: one asset, and nothing of a patient."""

    asset: str

    def check(self, asset: str, effect: Effect, touched: tuple[Container | Lot, ...]) -> None:  # noqa: ARG002  as gates
        """Raise GateError for another asset, a container or a lot."""
        if asset != self.asset or touched:
            raise GateError(f"what is done here touches nothing but {self.asset}")


@dataclass(slots=True)
class Troubles:
    """Readings that can't be had, on the record and nowhere else."""

    recorder: Recorder
    _lost: set[str] = field(default_factory=set)

    def lost(self, what: str, why: str) -> None:
        """A reading can't be had since now."""
        self.recorder.write("gap", Gap(what, why))

    def back(self, what: str) -> None:
        """The reading is there again."""
        self.recorder.write("gap", Gap(what, over=True))

    def unwatched(self, since: Instant, until: Instant) -> None:
        """Nobody looked meanwhile: the program was away."""
        self.recorder.write("gap", Gap("watch", f"nobody watched from {since:.0f} to {until:.0f}"))

    def standing(self) -> set[str]:
        """Give the readings that are lost; after a stop each is tried anew."""
        return self._lost

    def tick(self) -> None:
        """Nothing lapses here that a run would have to know."""


@dataclass(frozen=True, slots=True)
class Hand:
    """The instrument: its methods by name, a watch, and what was sampled."""

    asset: str
    stream: str
    bound: object
    watch: Watch
    trends: Trends

    def method(self, name: str) -> Bound:
        """Give a method of the interface; raises InputError for one that it does not have."""
        found = getattr(self.bound, name, None)
        if not isinstance(found, Bound):
            raise InputError(f"method is {name!r}, which {type(self.bound).__name__} does not have")
        return found


def in_hand(house: House, device: Device, stream: str) -> Hand:
    """Take an instrument for one piece of work with a stream of its own; in a task of its own."""
    recorder = Recorder(house.ledger, house.clock, stream, house.careful)
    journal = Journal(1)
    for event in house.ledger.stream(stream):
        journal.add(event)
    free = asyncio.Event()
    free.set()
    stay = Stay(1, journal, free)
    stay.on_doubt = _in_doubt
    STAY.set(stay)
    trends = Trends(recorder, house.blobs, house.recent)
    trends.restore(house.ledger.stream(stream))
    watch = Watch(recorder, trends, Troubles(recorder))
    binding = Binding(recorder, Gates(device.asset), intake=house.intake)
    return Hand(device.asset, stream, binding.bind(device.asset, device.driver, device.interface), watch, trends)


def _in_doubt(_n: int, what: str) -> None:
    """End the work: what nobody knows is looked at by a person."""
    raise FailedError(f"nobody knows whether {what} took effect; look at the device")
