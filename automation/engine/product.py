"""The product in a protocol's hands: containers are identified, moved, stored and warmed on the record.

Each call is one move at the door, under an id that a restart finds again, so that nothing is entered twice.
Units: mL, s, degC.
"""

from dataclasses import dataclass

from automation.engine.alarms import Alarms
from automation.engine.binding import STAY
from automation.engine.handles import Container, Lot
from automation.engine.holdings import of_batch
from automation.engine.moves import Moves
from automation.engine.prompts import Answer
from automation.engine.recorder import Recorder
from automation.formulas.identifiers import Kind as Code
from automation.gmp.door import Door
from automation.gmp.marks import of_material
from automation.gmp.materials.lots import MaterialLot
from automation.gmp.product import containers
from automation.gmp.product.batches import Batch, LotType
from automation.gmp.product.containers import Purpose
from automation.gmp.quality.timers import Timer
from automation.gmp.scanned import mark_of
from automation.kernel.errors import GateError, IdentityError, RefusedError
from automation.kernel.quantity import Grams, Instant, Millilitres, Seconds


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a container's label says; scanned codes are compared with it."""

    id: str
    identity: str  # chain-of-identity identifier
    din: str  # donation identification number
    product_code: str
    seal: str
    volume: Millilitres  # as the record knows it
    kind: str = ""
    purpose: Purpose = Purpose.PRODUCT
    parent: str = ""
    state: str = ""
    code: str = ""  # what tells this container from all others
    expects: Code = Code.CONTAINER  # what kind of code that is


@dataclass(frozen=True, slots=True)
class Amount:
    """How much was moved, with its standard uncertainty; mass (and its own) only where it was weighed."""

    volume: Millilitres
    standard: Millilitres = Millilitres(0.0)
    mass: Grams | None = None
    mass_standard: Grams | None = None

    @property
    def body(self) -> dict[str, object]:
        """Give it as it is written."""
        mass = None if self.mass is None else float(self.mass)
        said: dict[str, object] = {"volume_ml": float(self.volume), "standard_ml": float(self.standard), "mass_g": mass}
        return said if self.mass_standard is None else {**said, "standard_g": float(self.mass_standard)}


HERE = frozenset({"expected", "in process", "stored"})
PROCESSED = frozenset({Purpose.PRODUCT, Purpose.INTERMEDIATE})


class Product:
    """The containers and lots of one batch, as one step may handle them."""

    def __init__(
        self, recorder: Recorder, door: Door, alarms: Alarms, *, only: frozenset[str] | None = None, number: int = 1
    ) -> None:
        """Handle the containers of the batch, or ``only`` those and what is filled from them.

        In the step that the alarms speak for, and in that round of it.
        """
        self._moves = Moves(recorder, door, batch=alarms.batch, step=alarms.step)
        self._door = door
        self._alarms = alarms
        self._batch = alarms.batch
        self._step = alarms.step
        self._only = only
        self._again = "" if number == 1 else f"-{number}"

    def labels(self, *purposes: Purpose) -> tuple[Labelled, ...]:
        """Give the labels of the batch's containers that are here or expected, in the order in which they came.

        Without a purpose: of those that hold product or are meant to.
        """
        wanted = frozenset(purposes) or PROCESSED
        every = self._mine()
        return tuple(self._labelled(one) for one in every if one.state in HERE and one.purpose in wanted)

    @property
    def for_patients(self) -> bool:
        """Tell whether the lot may be given to a patient at all: an engineering lot never is."""
        batch = self._door.find("batch", self._batch)
        return isinstance(batch, Batch) and batch.lot_type != LotType.ENGINEERING

    def label(self, name: str) -> Labelled:
        """Give the label of one container of the batch; raises IdentityError for another."""
        return self._labelled(self._own(name))

    def one(self) -> Labelled:
        """Give the one container in process that holds the product now; raises RefusedError when there are several."""
        found = [label for label in self.labels() if label.state == "in process"]
        if len(found) != 1:
            names = ", ".join(label.id for label in found) or "none"
            msg = f"batch {self._batch} has its product in {names}; one container is needed here"
            raise RefusedError(msg)
        return found[0]

    async def receive(self, container: Container, *, condition: str, seal: str, exposure: Seconds) -> None:
        """Take a container in after its identity was verified; exposure (s) is taken over."""
        body = {
            "batch": self._batch,
            "step": self._step,
            "condition": condition,
            "seal": seal,
            "exposure_s": float(exposure),
        }
        await self._moves.move(f"container/{container.id}", "receive", body=body, cause=container.seq or None)

    def handle(self, container: str, *, identified: Answer) -> Container:
        """Give a handle after a verified scan; raises IdentityError for a container of another batch."""
        return Container(self._own(container).id, identified.seq)

    def held(self, container: str) -> Container:
        """Give a handle of a container that came in by a recorded receipt or transfer of this batch.

        Also of one that has been emptied since: a protocol that is run through again after a restart asks for it again.
        Raises RefusedError for one that was never taken in.
        """
        thing = self._own(container)
        if thing.state in {"absent", "expected", "cancelled"}:
            msg = f"container {container} is {thing.state}; it has to be taken in first"
            raise RefusedError(msg)
        return Container(thing.id, thing.received_seq)

    def transferred(self) -> tuple[Container, ...]:
        """Give handles of the containers that came in by this batch's recorded transfers."""
        found = (one for one in self._mine() if one.purpose in PROCESSED)
        return tuple(Container(one.id, one.received_seq) for one in found if one.state in {"in process", "stored"})

    async def expect(
        self, name: str, *, of: Container, kind: str, purpose: Purpose, product_code: str = ""
    ) -> Labelled:
        """Make a container known that is to be filled from another; it inherits identity, DIN and warming.

        ``kind`` is what it is (bag, vial, ...); raises RefusedError for an id that is taken.
        """
        parent = self._own(of.id)
        body: dict[str, object] = {
            "identity": parent.identity,
            "din": parent.din,
            "product_code": product_code or parent.product_code,
            "kind": kind,
            "parent": parent.id,
            "label": name,
            "batch": self._batch,
            "purpose": str(purpose),
            "warming_s": float(parent.warming_s),
            "first_cold_at": None if parent.first_cold_at is None else float(parent.first_cold_at),
        }
        await self._moves.move(f"container/{name}", "expect", body=body)
        return self._labelled(self._thing(name))

    async def take_in(self, container: Container, *, condition: str = "new, empty, label verified") -> Container:
        """Take an empty container in after its label was verified; gives the handle under which it may be filled."""
        body = {"batch": self._batch, "step": self._step, "condition": condition}
        seq = await self._moves.move(f"container/{container.id}", "receive", body=body, cause=container.seq or None)
        return Container(container.id, seq)

    async def transfer(self, *, source: Container, dest: Container, amount: Amount, why: str = "") -> None:
        """Note that product went from one container into another."""
        await self.draw(source, to=dest.id, amount=amount, why=why)
        body = {**amount.body, "source": source.id, "what": why, "batch": self._batch, "step": self._step}
        await self._moves.move(f"container/{dest.id}", "fill", body=body)

    async def add(self, container: Container, *, lot: Lot, amount: Amount, what: str) -> None:
        """Note that material of a lot was added to a container; what was not weighed, with the lot's stated density."""
        body = {**amount.body, "lot": lot.id, "what": what, "batch": self._batch, "step": self._step}
        thing = self._door.find("lot", lot.id)
        if amount.mass is None and isinstance(thing, MaterialLot) and thing.density is not None:
            body |= {"density": thing.density, "density_percent": thing.density_percent}
        await self._moves.move(f"container/{container.id}", "fill", body=body)

    async def draw(
        self, container: Container, *, to: str, amount: Amount, why: str = "", by_difference: bool = False
    ) -> None:
        """Note that something was taken out: ``to`` is a container, the name of a sample, or ``waste``.

        ``by_difference`` says that the amount is what was there less what is left, so no reading of its own.
        """
        body = {**amount.body, "to": to, "why": why, "batch": self._batch, "step": self._step}
        body["by_difference"] = by_difference
        await self._moves.move(f"container/{container.id}", "draw", body=body)

    async def weighed(self, container: Container, *, amount: Amount) -> None:
        """Note what a container holds by weight; raises RefusedError for an amount without a mass."""
        if amount.mass is None:
            msg = f"container {container.id} was not weighed: the amount has no mass"
            raise RefusedError(msg)
        body = {**amount.body, "batch": self._batch, "step": self._step}
        await self._moves.move(f"container/{container.id}", "weigh", body=body)

    async def empty(
        self, container: Container, *, left: Millilitres = Millilitres(0.0), standard: Millilitres = Millilitres(0.0)
    ) -> None:
        """Note that a container was emptied but for its hold-up (mL, with its standard uncertainty where weighed)."""
        body = {"left_ml": float(left), "standard_ml": float(standard), "batch": self._batch, "step": self._step}
        await self._moves.move(f"container/{container.id}", "empty", body=body)

    def lot(self, material: str) -> Lot:
        """Give the lot of a material that this step uses; raises GateError when none was set out for it."""
        here = (self._batch, self._step)
        for thing in self._door.marked("lot", of_material(material)):
            if isinstance(thing, MaterialLot) and here in thing.used_in:
                return Lot(thing.id)
        msg = f"no lot of {material} was taken for {self._batch}/{self._step}; its bill of materials has to name it"
        raise GateError(msg)

    async def place(self, container: Container, *, where: str, reason: str) -> None:
        """Note where a container is now."""
        await self._moves.move(f"container/{container.id}", "move", body={"where": where, "reason": reason})

    async def expose(self, container: Container, *, duration: Seconds) -> None:
        """Add time outside its storage condition (s) to a container's exposure."""
        body = {"seconds": float(duration)}
        await self._moves.move(f"container/{container.id}", "expose", body=body)

    async def warm(self, container: Container, *, duration: Seconds, above: float) -> None:
        """Add time above a temperature (s, degC) to a container's lifetime warming budget."""
        body = {"seconds": float(duration), "above_c": above}
        await self._moves.move(f"container/{container.id}", "warm", body=body)

    async def store(self, container: Container, *, position: str, transfer: Seconds, warming: Seconds) -> None:
        """Put a container into a storage position; times in s."""
        body = {"position": position, "transfer_s": float(transfer), "warming_s": float(warming)}
        await self._moves.move(f"container/{container.id}", "store", body=body)

    async def retrieve(self, container: Container, *, reason: str) -> None:
        """Take a container out of the store, on the record; raises RefusedError for one on QA hold."""
        body = {"batch": self._batch, "step": self._step, "reason": reason}
        await self._moves.move(f"container/{container.id}", "retrieve", body=body)

    async def dispense(self, container: Container, *, to: str) -> None:
        """Note that somebody else has a container now to give it to the patient.

        Raises RefusedError for one on QA hold, and for one of an engineering lot.
        """
        body = {"to": to, "batch": self._batch, "step": self._step}
        await self._moves.move(f"container/{container.id}", "dispense", body=body)

    async def hand_over(self, container: Container, *, to: str) -> None:
        """Note that somebody else has a container now; raises RefusedError for one on QA hold."""
        body = {"to": to, "batch": self._batch, "step": self._step}
        await self._moves.move(f"container/{container.id}", "hand_over", body=body)

    async def qa_hold(self, container: Container, *, reason: str) -> None:
        """Put a container on QA hold; one that is held already stays so, for its first reason."""
        if self._thing(container.id).on_hold:
            await self._moves.skip()
            return
        await self._moves.move(f"container/{container.id}", "qa_hold", body={"reason": reason})

    async def use(self, lot: Lot, *, quantity: float) -> None:
        """Take a quantity of a lot, in its unit."""
        body = {"quantity": quantity, "batch": self._batch, "step": self._step}
        await self._moves.move(f"lot/{lot.id}", "use", body=body)

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
            self._alarms.at(self._moves.place(stay, n)).sound(
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
            self._alarms.at(self._moves.place(stay, n)).clear(source)
        finally:
            stay.end()

    async def start_clock(
        self, what: str, *, longest: Seconds, used: Seconds, warn_at: float, since: Instant | None = None
    ) -> None:
        """Start a clock on the product (s), part of which is used up already; warned at a share of it (0 to 1).

        ``since`` is when it truly began, for a program that comes to note it late.
        """
        began = self._door.now if since is None else since
        due = began + (longest - min(used, longest))
        body = {
            "what": what,
            "batch": self._batch,
            "step": self._step,
            "due": float(due),
            "warn": float(min(due, max(began, began + (longest * warn_at - used)))),
            "since": None if since is None else float(since),
            "clock": "exposure",
            "rule": f"{what}: at most {float(longest) / 60:g} min",
        }
        await self._moves.move(f"timer/{self._clock(what, own=True)}", "start", body=body)

    async def stop_clock(self, what: str) -> bool:
        """Stop a clock; tells whether it was stopped in time."""
        timer = self._door.find("timer", self._clock(what))
        if not isinstance(timer, Timer) or not timer.going:
            await self._moves.skip()
            return isinstance(timer, Timer) and timer.state == "met"
        await self._moves.move(f"timer/{self._clock(what)}", "meet", body={})
        return True

    def clock_started(self, what: str) -> Instant | None:
        """Tell when a clock was started; None when it never was."""
        timer = self._door.find("timer", self._clock(what))
        return timer.started_at if isinstance(timer, Timer) else None

    def _clock(self, what: str, *, own: bool = False) -> str:
        """Name a clock: that of this round, or the one of the batch when this round has started none."""
        name = f"{self._batch}.{what}".replace(" ", "-")
        again = f"{name}{self._again}"
        return again if own or self._door.find("timer", again).state != "absent" else name

    def first_cold(self, container: Container) -> Instant | None:
        """Tell when a container first reached storage temperature."""
        return self._thing(container.id).first_cold_at

    def position(self, container: Container) -> str:
        """Give the storage position of a container; empty while it is not stored."""
        return self._thing(container.id).position

    def warmed(self, container: Container) -> Seconds:
        """Give what a container has used of its lifetime warming budget (s)."""
        return self._thing(container.id).warming_s

    def _mine(self) -> tuple[containers.Container, ...]:
        """Give the containers that this step may handle."""
        every = of_batch(self._door, self._batch)
        return every if self._only is None else tuple(one for one in every if self._only & _line(one.id, every))

    def _own(self, name: str) -> containers.Container:
        thing = self._thing(name)
        if all(thing.id != one.id for one in self._mine()):
            which = "this round of batch" if self._only is not None else "batch"
            msg = f"container {name} is not one of {which} {self._batch}"
            raise IdentityError(msg)
        return thing

    def _thing(self, name: str) -> containers.Container:
        thing = self._door.find("container", name)
        if not isinstance(thing, containers.Container):
            msg = f"container {name} is not known"
            raise RefusedError(msg)
        return thing

    def _labelled(self, thing: containers.Container) -> Labelled:
        mark = mark_of(self._door, thing)
        return Labelled(
            thing.id,
            thing.identity,
            thing.din,
            thing.product_code,
            thing.sealed_with,
            Millilitres(thing.volume_ml),
            thing.kind,
            thing.purpose,
            thing.parent,
            str(thing.state),
            mark.code,
            mark.kind,
        )


def _line(name: str, every: tuple[containers.Container, ...]) -> set[str]:
    """Give a container and those that it was filled from."""
    parents, found = {one.id: one.parent for one in every}, set[str]()
    while name and name not in found:
        found.add(name)
        name = parents.get(name, "")
    return found
