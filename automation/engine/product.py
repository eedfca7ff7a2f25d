"""The product in a protocol's hands: containers are identified, moved, stored and warmed on the record.

Each call is one move at the door, under an id that a restart finds again, so that nothing is entered twice.
Units: mL, s, degC.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from automation.engine.alarms import Alarms
from automation.engine.binding import STAY, Stay
from automation.engine.handles import Container, Lot
from automation.engine.journal import Fell, raised
from automation.engine.prompts import Answer
from automation.engine.recorder import RUNNER, Recorder
from automation.gmp.door import Command, Door
from automation.gmp.product import containers
from automation.gmp.quality.timers import Timer
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.quantity import Instant, Seconds


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a container's label says; scanned codes are compared with it."""

    id: str
    identity: str  # chain-of-identity identifier
    din: str  # donation identification number
    product_code: str
    seal: str
    volume_ml: float


class Product:
    """The containers and lots of one batch, as one step may handle them."""

    def __init__(self, recorder: Recorder, door: Door, alarms: Alarms, *, containers: tuple[str, ...]) -> None:
        """Handle the containers that the batch was issued for, in the step that the alarms speak for."""
        self._recorder = recorder
        self._door = door
        self._alarms = alarms
        self._batch = alarms.batch
        self._step = alarms.step
        self._ids = containers

    def labels(self) -> tuple[Labelled, ...]:
        """Give the labels of the batch's containers, in the order of issue."""
        found = (self._thing(name) for name in self._ids)
        return tuple(Labelled(c.id, c.identity, c.din, c.product_code, c.sealed_with, c.volume_ml) for c in found)

    async def receive(self, container: Container, *, condition: str, seal: str, exposure: Seconds) -> None:
        """Take a container in after its identity was verified; exposure (s) is taken over."""
        body = {
            "batch": self._batch,
            "step": self._step,
            "condition": condition,
            "seal": seal,
            "exposure_s": float(exposure),
        }
        await self._move(f"container/{container.id}", "receive", body=body, cause=container.seq or None)

    def handle(self, container: str, *, identified: Answer) -> Container:
        """Give a handle after a verified scan; raises IdentityError for a container of another batch."""
        if container not in self._ids:
            msg = f"container {container} is not one of batch {self._batch}"
            raise IdentityError(msg)
        return Container(container, identified.seq)

    def transferred(self) -> tuple[Container, ...]:
        """Give handles of the containers that came in by this batch's recorded transfers."""
        found = [self._thing(name) for name in self._ids]
        return tuple(Container(c.id) for c in found if c.state in {"in process", "stored"})

    async def place(self, container: Container, *, where: str, reason: str) -> None:
        """Note where a container is now."""
        await self._move(f"container/{container.id}", "move", body={"where": where, "reason": reason})

    async def expose(self, container: Container, *, duration: Seconds) -> None:
        """Add time outside its storage condition (s) to a container's exposure."""
        body = {"seconds": float(duration)}
        await self._move(f"container/{container.id}", "expose", body=body)

    async def warm(self, container: Container, *, duration: Seconds, above: float) -> None:
        """Add time above a temperature (s, degC) to a container's lifetime warming budget."""
        body = {"seconds": float(duration), "above_c": above}
        await self._move(f"container/{container.id}", "warm", body=body)

    async def store(self, container: Container, *, position: str, transfer: Seconds, warming: Seconds) -> None:
        """Put a container into a storage position; times in s."""
        body = {"position": position, "transfer_s": float(transfer), "warming_s": float(warming)}
        await self._move(f"container/{container.id}", "store", body=body)

    async def qa_hold(self, container: Container, *, reason: str) -> None:
        """Put a container on QA hold; one that is held already stays so, for its first reason."""
        if self._thing(container.id).on_hold:
            await self._skip()
            return
        await self._move(f"container/{container.id}", "qa_hold", body={"reason": reason})

    async def use(self, lot: Lot, *, quantity: float) -> None:
        """Take a quantity of a lot, in its unit."""
        body = {"quantity": quantity, "batch": self._batch, "step": self._step}
        await self._move(f"lot/{lot.id}", "use", body=body)

    async def deviation(self, title: str, *, rule: str = "") -> str:
        """Open a deviation on this step and give its id."""
        stay = STAY.get()
        n = stay.begin("deviation")
        try:
            await stay.passage()
            return self._alarms.deviation(title, rule=rule)
        finally:
            del n
            stay.end()

    async def alarm(self, source: str, message: str, *, response: str) -> None:
        """Raise an alarm about the product's surroundings."""
        stay = STAY.get()
        n = stay.begin("alarm")
        try:
            await stay.passage()
            self._alarms.at(self._place(stay, n)).sound(
                source, message, consequence="the product may be lost", response=response
            )
        finally:
            stay.end()

    async def alarm_over(self, source: str) -> None:
        """Note that what an alarm was raised for is gone."""
        stay = STAY.get()
        n = stay.begin("alarm over")
        try:
            await stay.passage()
            self._alarms.at(self._place(stay, n)).clear(source)
        finally:
            stay.end()

    async def start_clock(self, what: str, *, longest: Seconds, used: Seconds, warn_at: float) -> None:
        """Start a clock on the product (s), part of which is used up already; warned at a share of it (0 to 1)."""
        now = self._door.now
        body = {
            "what": what,
            "batch": self._batch,
            "step": self._step,
            "due": float(now + (longest - used)),
            "warn": float(max(now, now + (longest * warn_at - used))),
            "clock": "exposure",
            "rule": f"{what}: at most {float(longest) / 60:g} min",
        }
        if longest <= used:
            body["due"] = body["warn"] = float(now)
        await self._move(f"timer/{self._clock(what)}", "start", body=body)

    async def stop_clock(self, what: str) -> bool:
        """Stop a clock; tells whether it was stopped in time."""
        timer = self._door.find("timer", self._clock(what))
        if not isinstance(timer, Timer) or not timer.going:
            await self._skip()
            return isinstance(timer, Timer) and timer.state == "met"
        await self._move(f"timer/{self._clock(what)}", "meet", body={})
        return True

    async def _skip(self) -> None:
        """Take a number of the visit without a move, so that a restart counts the same."""
        stay = STAY.get()
        stay.begin("nothing to move")
        stay.end()

    def _clock(self, what: str) -> str:
        return f"{self._batch}.{what}".replace(" ", "-")

    def first_cold(self, container: Container) -> Instant | None:
        """Tell when a container first reached storage temperature."""
        return self._thing(container.id).first_cold_at

    def warmed(self, container: Container) -> Seconds:
        """Give what a container has used of its lifetime warming budget (s)."""
        return self._thing(container.id).warming_s

    async def _move(self, stream: str, command: str, *, body: Mapping[str, object], cause: int | None = None) -> int:
        """Move an object once: the id of the command is the place in the protocol; a refusal is kept for a restart."""
        stay = STAY.get()
        n = stay.begin(command)
        entry = None
        try:
            entry = stay.journal.check(n, f"{stream}.{command}", b"{}")
            if entry is not None and entry.outcome is not None:
                raise raised(entry.outcome)
            await stay.passage()
            once = f"{self._place(stay, n)}/{hashlib.sha256(f'{stream} {command}'.encode()).hexdigest()[:8]}"
            event = await self._door.submit(Command(stream, command, body, RUNNER, cause=cause, id=once))
        except RefusedError as refusal:
            if entry is None or entry.outcome is None:
                kind, why = type(refusal).__name__, str(refusal)
                self._recorder.write("refused", Fell(stay.number, n, kind, why, asset=stream, method=command))
            raise
        finally:
            stay.end()
        return event.seq

    def _place(self, stay: Stay, n: int) -> str:
        return f"{self._batch}/{self._step}/{stay.number}/{n}"

    def _thing(self, name: str) -> containers.Container:
        thing = self._door.find("container", name)
        if not isinstance(thing, containers.Container):
            msg = f"container {name} is not known"
            raise RefusedError(msg)
        return thing
