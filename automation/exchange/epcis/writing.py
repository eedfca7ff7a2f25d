"""What every event has in common: when, where, what it belongs to, and the id that follows from it.

Units:  moments in s (UTC), written in the site's zone with the offset that it had then.
Source: GS1 EPCIS 2.0; GS1 CBV 2.0 (types of business transactions, id).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from automation.exchange.epcis.hashing import event_id
from automation.exchange.epcis.life import Life
from automation.exchange.epcis.model import SIMULATED, Event, Place, Receiver, Sender, Transaction
from automation.exchange.epcis.naming import Naming
from automation.gmp.product.containers import Container
from automation.kernel.clock import MICRO, iso
from automation.kernel.quantity import Instant
from automation.ledger.event import Event as Recorded

PARTY, ORDER = "possessing_party", "prodorder"
OBSERVED, ADDED, REMOVED = "OBSERVE", "ADD", "DELETE"


@dataclass(frozen=True, slots=True)
class When:
    """When something was, and which events of the ledger say so."""

    at: Instant
    events: tuple[Recorded, ...]

    @property
    def last(self) -> Recorded:
        """Give the last of its events."""
        return max(self.events, key=lambda event: event.seq)


def at(event: Recorded) -> When:
    """Give the moment of one event of the ledger."""
    return When(Instant(event.at / MICRO), (event,))


def among(events: Iterable[Recorded]) -> When:
    """Give the moment of the last of some events."""
    found = tuple(sorted(events, key=lambda event: event.seq))
    return When(Instant(found[-1].at / MICRO), found)


@dataclass(frozen=True, slots=True)
class Dated:
    """One finished event with what it is told from."""

    event: Event
    when: When

    @property
    def order(self) -> tuple[float, int, bool, str]:
        """Give its place: by its time, then as the ledger has it; what leaves a place does so first."""
        return float(self.when.at), self.when.last.seq, self.event.action != REMOVED, self.event.id


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the events of one document; ``zone`` and ``site`` are the zone and the name of the site."""

    life: Life
    naming: Naming
    zone: str
    site: str
    simulated: bool

    def items(self, names: Iterable[str]) -> tuple[str, ...]:
        """Name containers; the same order whatever order they came in."""
        return tuple(sorted(self.item(name) for name in names))

    def item(self, name: str) -> str:
        """Name one container, of this document or another's."""
        told = self.life.containers.get(name)
        thing = told.now if told else self.life.objects.find("container", name)
        return self.naming.container(name, thing.label if isinstance(thing, Container) else "")

    def lot(self, name: str) -> str:
        """Name a material lot by what was scanned when it came."""
        events = self.life.objects.streams.get(f"lot/{name}", ())
        told = self.life.told("lot", name) if events else None
        codes = [str(getattr(fact.body, "scanned", "")) for fact in told.facts] if told else []
        return self.naming.lot(name, next(filter(None, codes), ""))

    @property
    def here(self) -> Place:
        """Name the site, where everything happens that people do not do elsewhere."""
        return self.place(self.site)

    def place(self, name: str) -> Place:
        """Name a place."""
        return Place(id=self.naming.place(name))

    def giver(self, name: str) -> tuple[Sender, ...]:
        """Name the party that had something."""
        return (Sender(type=PARTY, source=self.naming.party(name)),)

    def receiver(self, name: str) -> tuple[Receiver, ...]:
        """Name the party that has something."""
        return (Receiver(type=PARTY, destination=self.naming.party(name)),)

    def belongs(self, when: When, *, batch: str = "", **others: str) -> tuple[Transaction, ...]:
        """Name what an event belongs to, and the events of the ledger that prove it."""
        found = [Transaction(type=ORDER, transaction=self.naming.own("batch", batch))] if batch else []
        found += [Transaction(type=kind, transaction=name) for kind, name in others.items()]
        proves = self.naming.own("proof", "ledger-event")
        found += [Transaction(type=proves, transaction=self.naming.own("event", str(e.seq))) for e in when.events]
        return tuple(found)

    def finish(self, event: Event, when: When) -> Dated:
        """Give the event with its times, its marks and its id."""
        moment = iso(when.at, zone=self.zone)
        said = msgspec.structs.replace(
            event,
            time=moment,
            offset=moment[-6:],
            recorded=iso(Instant(when.last.at / MICRO), zone=self.zone),
            mode=SIMULATED if self.simulated else "",
        )
        return Dated(msgspec.structs.replace(said, id=event_id(said)), when)
