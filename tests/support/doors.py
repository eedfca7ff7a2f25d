"""A real ledger and a real door in a folder, with a clock that the test sets, and one person for each right.

Units: s and us since 1970-01-01T00:00:00Z.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

import msgspec

from automation.gmp.door import Command, Door, Proof
from automation.gmp.objects import Thing
from automation.gmp.registry import KINDS
from automation.gmp.secrets import SIMULATED, Credentials
from automation.gmp.words import Right
from automation.kernel.clock import MICRO, instant
from automation.kernel.quantity import Instant, Seconds
from automation.ledger.event import Event, Genesis, Mode
from automation.ledger.store import Ledger

KEY = bytes(range(32))  # private; known to everybody, so worth nothing outside tests
ZONE = "Europe/Zurich"
START = instant("2026-11-22T09:00:00", zone=ZONE)
SYSTEM = "system:test"
SECOND = "second"  # a person with every right, to sign beside the first
PEOPLE: Final[dict[Right, str]] = {right: right.replace(" ", "-") for right in Right if right is not Right.SYSTEM}
ROLES: Final = {**{name: frozenset({right}) for right, name in PEOPLE.items()}, "all": frozenset(PEOPLE)}
_T = TypeVar("_T", bound=Thing)


class HandClock:
    """Time that passes when the test says so."""

    simulated = True

    def __init__(self, start: Instant = START) -> None:
        """Start at a moment."""
        self._micros = round(float(start) * MICRO)

    def micros(self) -> int:
        """Give the moment (us)."""
        return self._micros

    def now(self) -> Instant:
        """Give the moment (s)."""
        return Instant(self._micros / MICRO)

    def go(self, seconds: float) -> None:
        """Let time pass (s)."""
        self._micros += round(seconds * MICRO)

    async def sleep(self, duration: Seconds) -> None:
        """Let time pass (s)."""
        self.go(float(duration))

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Change nothing."""
        yield


@dataclass(frozen=True, slots=True)
class Doorway:
    """What a test works with: it commands, and looks at what became of it."""

    ledger: Ledger
    door: Door
    clock: HandClock
    secrets: Credentials

    def do(
        self,
        stream: str,
        command: str,
        body: Mapping[str, object] | None = None,
        *,
        by: str = SYSTEM,
        signs: tuple[Proof, ...] = (),
    ) -> Event:
        """Command one object, as somebody."""
        return self.door.enter(Command(stream, command, body or {}, by, "bench-1", signs))

    def get(self, kind: type[_T], stream: str) -> _T:
        """Give an object as what it is."""
        thing = self.door.find(*stream.split("/", 1))
        assert isinstance(thing, kind)
        return thing

    def state(self, stream: str) -> str:
        """Give the state of an object."""
        return self.door.find(*stream.split("/", 1)).state

    def refusals(self, stream: str) -> list[str]:
        """Give why commands to an object were refused, in order."""
        return [str(event.fields["why"]) for event in self.ledger.stream(f"refusals/{stream}")]

    def rebuilt(self) -> Door:
        """Fold everything anew from the ledger."""
        return _opened(self.ledger, self.clock, self.secrets).door


PARTIES = ("centre-1", "courier-1", "site-a", "carrier-1", "ward-4")
"""Who gives and takes in the story of one patient (``thread.py``)."""


def proof(person: str, meaning: str = "") -> Proof:
    """Give what a person of the test shows at the door."""
    return Proof(person, f"secret of {person}", meaning)


@contextlib.contextmanager
def doorway(folder: Path, *, mode: Mode = Mode.SIMULATED) -> Iterator[Doorway]:
    """Open a new site with one person for each right, named like the right, and ``second`` with all of them."""
    for name, data in _begun(mode).items():
        (folder / name).write_bytes(data)
    clock = HandClock()
    secrets = Credentials(folder, clock, cost=SIMULATED)
    with Ledger.open(folder, key=KEY) as ledger:
        yield _opened(ledger, clock, secrets)


def _opened(ledger: Ledger, clock: HandClock, secrets: Credentials) -> Doorway:
    return Doorway(ledger, Door(ledger, clock, kinds=KINDS, secrets=secrets, roles=ROLES, zone=ZONE), clock, secrets)


@cache
def _begun(mode: Mode) -> dict[str, bytes]:
    """Give the files of a site where everybody is registered and has a secret, made once."""
    clock = HandClock()
    genesis = Genesis(ledger="0" * 32, mode=mode, site="test", zone=ZONE, created=clock.micros(), release="0.1.0")
    with TemporaryDirectory() as name:
        secrets = Credentials(Path(name), clock, cost=SIMULATED)
        with Ledger.create(Path(name), genesis=genesis, key=KEY) as ledger:
            made = _opened(ledger, clock, secrets)
            register(made, SECOND, "all", by=SYSTEM)
            for person in PEOPLE.values():
                register(made, person, person, by=SECOND)
        return {file.name: file.read_bytes() for file in Path(name).iterdir()}


def register(way: Doorway, person: str, role: str, *, by: str) -> None:
    """Register a person with one role, and set the secret; at a live site everybody signs for every party."""
    said: dict[str, object] = {"name": person.title(), "roles": [role], "staff": f"S-{person}"}
    if not way.door.simulated:
        said["parties"] = list(PARTIES)
    way.do(f"person/{person}", "register", said, by=by)
    way.secrets.set(person, f"secret of {person}")


def stored(event: Event) -> dict[str, object]:
    """Give what a door event states, as plain values."""
    given = event.fields["given"]
    return msgspec.convert(given, dict[str, object])
