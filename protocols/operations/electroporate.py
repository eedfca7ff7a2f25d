"""Unit operation: bring cargo (mRNA, RNP, plasmid) into cells by a pulse, each cassette into medium at once.

The recovery medium stands ready and warm before the first pulse, and the program was compared and read back. From the
filled cassette to the medium there is no pause: a hold or an order to stop lets people bring the cells into medium
first. A pulse is never sent again by itself: an arc is a deviation, and the cells go into medium all the same.
Units:  mL, g, cells, cells/mL, s; cargo in micrograms per million cells.
Source: cells, density, dose and program are the user's, from his own process; 21 CFR 211.101 (charge-in, seen by two),
        211.111 (time limits).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Amount, Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import Watch
from automation.formulas.electroporation import cargo_volume, cassettes, density
from automation.formulas.identifiers import Kind
from automation.gmp.product.containers import Purpose
from automation.kernel.errors import FailedError, GateError, InputError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import (
    Cells,
    CellsPerMillilitre,
    Grams,
    Instant,
    Millilitres,
    NanogramsPerMillilitre,
    Percent,
    Seconds,
)
from instruments.interfaces.balance import Balance
from instruments.interfaces.electroporator import Electroporator, PulseState
from instruments.interfaces.panel_program import PanelProgram
from protocols.operations.adding import Liquid, Weights
from protocols.operations.culturing import Handling, Vessel, keep_safe

RULE = "electroporation"
CLOCK = "cargo to pulse"
TRIES = 3


class State(StrEnum):
    """Where an electroporation stands; RECOVERED, SALVAGED, REFUSED and NOT_POSSIBLE are final."""

    SET_OUT = "set out"
    PLANNED = "planned"
    READY = "ready"
    MIXED = "mixed"
    LOADED = "loaded"
    PULSED = "pulsed"
    RECOVERED = "recovered"
    SALVAGED = "salvaged"
    REFUSED = "refused"
    NOT_POSSIBLE = "not possible"


WAITING = (State.LOADED, State.PULSED)  # cells wait in a buffer in which they do not last


@dataclass(frozen=True, slots=True, kw_only=True)
class Cargo:
    """What is brought into the cells."""

    material: str = field(metadata={"label": "Its name in the bill of materials"})
    ug_per_million: float = field(metadata={"range": (0.01, 1000.0), "label": "Micrograms for a million viable cells"})
    stock: NanogramsPerMillilitre = field(metadata={"range": (1.0, 1e8), "label": "In its stock"})
    within: Seconds = field(metadata={"range": (10.0, 7200.0), "label": "From the cargo to the last pulse"})
    warn_at: Percent = field(metadata={"range": (1.0, 99.0), "label": "Share of it at which people are told"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cassette:
    """What the cells are pulsed in."""

    kind: str = field(metadata={"label": "Kind of cassette or cuvette"})
    suffix: str = field(metadata={"label": "What its name ends with, before its number"})
    material: str = field(metadata={"label": "Its name in the bill of materials"})
    holds: Millilitres = field(metadata={"range": (0.01, 500.0), "label": "Volume in each"})
    cells_most: Cells = field(metadata={"range": (1e4, 1e12), "label": "Viable cells in each at most"})
    most: int = field(metadata={"range": (1, 20), "label": "Cassettes at most"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Where the cells go after the pulse."""

    vessel: Vessel = field(metadata={"label": "Vessel"})
    medium: Liquid = field(metadata={"label": "Medium"})
    volume: Millilitres = field(metadata={"range": (0.1, 5000.0), "label": "Medium for each cassette"})
    within: Seconds = field(metadata={"range": (5.0, 3600.0), "label": "From the pulse to the medium"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    concentration: CellsPerMillilitre = field(
        metadata={"range": (0.0, 1e10), "label": "Viable cells as counted, in the buffer for the pulse"}
    )
    density_least: CellsPerMillilitre = field(metadata={"range": (1e4, 1e10), "label": "Viable cells per mL at least"})
    density_most: CellsPerMillilitre = field(metadata={"range": (1e4, 1e10), "label": "Viable cells per mL at most"})
    cargo: Cargo = field(metadata={"label": "Cargo"})
    cassette: Cassette = field(metadata={"label": "Cassette"})
    program: PanelProgram = field(metadata={"label": "Program"})
    recovery: Recovery = field(metadata={"label": "Recovery"})
    pipette_error: Percent = field(metadata={"range": (0.0, 20.0), "label": "Uncertainty of a pipetted volume"})
    weights: Weights = field(metadata={"label": "Weighing"})


@dataclass(frozen=True, slots=True)
class Pulse:
    """One cassette: what became of its pulse, and how long its cells waited for medium."""

    cassette: str
    volume: Millilitres
    outcome: PulseState
    pulsed_at: Instant
    recovered_at: Instant | None = None
    waited: Seconds | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    source: str = ""
    viable_cells: Cells | None = None  # that are pulsed
    cargo: Millilitres | None = None
    cassettes: int = 0
    each: Millilitres | None = None  # in one cassette, cargo included
    density: CellsPerMillilitre | None = None
    container: str = ""  # the recovery vessel
    mass_empty: Grams | None = None
    medium: Millilitres | None = None
    cargo_at: Instant | None = None
    loaded: str = ""  # the cassette that is filled
    pulses: tuple[Pulse, ...] = ()
    delivered: int = 0
    longest_wait: Seconds | None = None  # from a pulse to the medium
    cargo_to_pulse: Seconds | None = None  # the longest
    volume: Millilitres | None = None  # in the recovery vessel
    why: str = ""

    @property
    def waiting(self) -> str:
        """Name the cassette whose cells wait for their medium; empty when none do."""
        out = any(one.cassette == self.loaded and one.recovered_at is not None for one in self.pulses)
        return "" if out else self.loaded


@dataclass(frozen=True, slots=True)
class Electroporate:
    """Pulse the cells of the batch with their cargo, and bring them into recovery medium."""

    electroporator: Electroporator
    balance: Balance
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.RECOVERED})
    no_pause: ClassVar = frozenset(WAITING)
    safe: ClassVar = (
        SafeProduct(after=("holding",), told="closed", within=(State.SET_OUT, State.PLANNED, State.READY, State.MIXED)),
        SafeProduct(after=("holding",), told="has no pause", within=WAITING),
        SafeProduct(after=ENDINGS, told="closed"),
        SafeProduct(after=ENDINGS, told="into its medium", within=WAITING),
    )
    table: ClassVar = Table(
        State.SET_OUT,
        (
            Row("plan", State.SET_OUT, State.PLANNED),
            Row("decline", State.SET_OUT, State.NOT_POSSIBLE),
            Row("make_ready", State.PLANNED, State.READY),
            Row("refuse", State.PLANNED, State.REFUSED),
            Row("mix", State.READY, State.MIXED),
            Row("load", State.MIXED, State.LOADED),
            Row("pulse", State.LOADED, State.PULSED),
            Row("next", State.PULSED, State.MIXED),
            Row("recover", State.PULSED, State.RECOVERED),
            Row("salvage", State.PULSED, State.SALVAGED),
        ),
    )

    async def set_out(self, _visit: Visit[Results]) -> Move:
        """Identify cells and lots, and plan; what can't be done is declined before anything is opened."""
        given, label = self.given, self.product.one()
        await self.operator.scan(
            f"Bring {label.id}, cells in the buffer for the pulse, and scan its label",
            accept=(label.code,),
            expects=label.expects,
        )
        for material in (given.cargo.material, given.cassette.material, given.recovery.medium.material):
            lot = self.product.lot(material).id
            await self.operator.scan(f"Scan the label of {material}, lot {lot}", accept=(lot,), expects=Kind.LOT)
        try:
            found = planned(given, label.volume)
        except InputError as wrong:
            await self.product.deviation(str(wrong), rule=RULE)
            return Move("decline", source=label.id, why=str(wrong))
        return Move(
            "plan",
            source=label.id,
            viable_cells=found.cells,
            cargo=found.cargo,
            cassettes=found.number,
            each=found.each,
            density=found.density,
        )

    async def planned(self, visit: Visit[Results]) -> Move:
        """Set the program and read it back, and have the recovery medium stand ready and warm."""
        got, recovery = visit.got, self.given.recovery
        for turn in range(1, TRIES + 1):
            why = await self._sent()
            if not why:
                break
            await self.product.deviation(f"pulse not as approved: {why}", rule="approved program")
            if turn == TRIES:
                return Move("refuse", why=why)
            await self.operator.confirm(f"Not the approved program: {why}. Put it right, then confirm", second=True)
        handling = self._handling
        vessel = await handling.new(visit.batch, recovery.vessel, of=self.product.held(got.source))
        wanted = recovery.volume * float(got.cassettes)
        after = await handling.adding.by_weight(vessel.container, recovery.medium, wanted, before=vessel.gross)
        await self.operator.confirm(
            f"Warm {vessel.container.id} to 37 degC, closed. Confirm when it is warm", second=True
        )
        medium = self.given.weights.amount(after - vessel.gross, recovery.medium.density).volume
        return Move("make_ready", container=vessel.container.id, mass_empty=vessel.gross, medium=medium, volume=medium)

    async def ready(self, visit: Visit[Results]) -> Move:
        """Add the cargo; its clock counts from the answer."""
        got, cargo = visit.got, self.given.cargo
        wanted, lot = got.cargo or Millilitres(0.0), self.product.lot(cargo.material)
        done = await self.operator.confirm(
            f"Add {wanted:.3f} mL of {cargo.material}, lot {lot.id}, to {got.source} and mix, then confirm", second=True
        )
        await self.product.start_clock(
            CLOCK, longest=cargo.within, used=Seconds(0.0), warn_at=float(cargo.warn_at) / 100.0, since=done.at
        )
        amount = Amount(wanted, wanted * (float(self.given.pipette_error) / 100.0))
        await self.product.add(self.product.held(got.source), lot=lot, amount=amount, what=cargo.material)
        return Move("mix", cargo_at=done.at)

    async def mixed(self, visit: Visit[Results]) -> Move:
        """Fill the next cassette, identified by its label."""
        got, cassette = visit.got, self.given.cassette
        source, each = self.product.held(got.source), got.each or Millilitres(0.0)
        number = len(got.pulses) + 1
        name, lot = f"{visit.batch}-{cassette.suffix}{number}", self.product.lot(cassette.material).id
        await self.product.expect(name, of=source, kind=cassette.kind, purpose=Purpose.INTERMEDIATE)
        scanned = await self.operator.scan(
            f"Take a new {cassette.kind} of lot {lot}, put the label {name} on it and scan it",
            accept=(name,),
            expects=Kind.CONTAINER,
        )
        held = await self.product.take_in(self.product.handle(name, identified=scanned))
        await self.operator.confirm(
            f"Mix {got.source}. Pipette {each:.3f} mL of it into the {cassette.kind} {name} without bubbles, "
            "then confirm"
        )
        amount = Amount(each, each * (float(self.given.pipette_error) / 100.0))
        await self.product.transfer(source=source, dest=held, amount=amount, why="for the pulse")
        if number == got.cassettes:
            await self.product.empty(source)
        return Move("load", loaded=name)

    async def loaded(self, visit: Visit[Results]) -> Move:
        """Send the pulse; one that was not sent is put right and sent again, an arc never."""
        got, shown = visit.got, PulseState.NOTHING
        cassette = self.product.held(got.loaded)
        for turn in range(1, TRIES + 1):
            try:
                await self.electroporator.pulse(cassette=cassette)
            except GateError:
                raise
            except RefusedError as refusal:
                why = str(refusal)
            else:
                seen = await self.electroporator.look()
                shown, why = seen.state, seen.message
            if shown is not PulseState.NOTHING:
                break
            await self.product.deviation(f"{got.loaded} was not pulsed: {why}", rule=RULE)
            if turn < TRIES:
                await self.operator.confirm(f"No pulse was sent: {why}. Put it right at once, then confirm")
        at = await self.watch.moment()
        if shown not in {PulseState.DELIVERED, PulseState.NOTHING}:
            await self.product.deviation(f"{got.loaded}: the pulse is {shown}", rule=RULE)
        pulse = Pulse(got.loaded, got.each or Millilitres(0.0), shown, at)
        delivered = got.delivered + (shown is PulseState.DELIVERED)
        return Move("pulse", pulses=(*got.pulses, pulse), delivered=delivered, cargo_to_pulse=at - (got.cargo_at or at))

    async def pulsed(self, visit: Visit[Results]) -> Move:
        """Flush the cells into their medium at once; what waited too long is a deviation."""
        got, within = visit.got, self.given.recovery.within
        last = got.pulses[-1]
        done = await self.operator.confirm(
            f"Now: flush {last.cassette} with warm medium out of {got.container} and transfer all of it into "
            f"{got.container}, then confirm",
            within=within,
        )
        waited = done.at - last.pulsed_at
        if waited > within:
            title = f"cells of {last.cassette} waited {float(waited):.0f} s for medium, {float(within):g} s are allowed"
            await self.product.deviation(title, rule=RULE)
        source, dest = self.product.held(last.cassette), self.product.held(got.container)
        amount = Amount(last.volume, last.volume * (float(self.given.pipette_error) / 100.0))
        await self.product.transfer(source=source, dest=dest, amount=amount, why="into recovery medium")
        await self.product.empty(source)
        pulse = Pulse(last.cassette, last.volume, last.outcome, last.pulsed_at, done.at, waited)
        results: dict[str, object] = {
            "pulses": (*got.pulses[:-1], pulse),
            "longest_wait": max(waited, got.longest_wait or waited),
            "volume": (got.volume or Millilitres(0.0)) + last.volume,
        }
        if len(got.pulses) < got.cassettes:
            return Move("next", **results)
        return await self._over(got, dest.id, results)

    async def holding(self, visit: Visit[Results]) -> None:
        """Cells in a cassette don't wait: they go into their medium first."""
        if visit.got.waiting:
            text = f"a pulse has no pause. Bring the cells of {visit.got.waiting} into {visit.got.container} first"
        else:
            text = "keep the cells closed in their bag, the medium warm. The time of the cargo runs on once it is in"
        await self.operator.confirm(f"Held: {text}")

    async def stopping(self, visit: Visit[Results]) -> None:
        """Bring cells out of a cassette into their medium, close everything, under QA hold."""
        await self._end(visit, "electroporation stopped")

    async def aborting(self, visit: Visit[Results]) -> None:
        """As stopping."""
        await self._end(visit, "electroporation aborted")

    async def _over(self, got: Results, container: str, results: dict[str, object]) -> Move:
        """End the last cassette: what was not all pulsed as programmed is on QA hold."""
        in_time = await self.product.stop_clock(CLOCK)
        if not in_time:
            minutes = float(got.cargo_to_pulse or Seconds(0.0)) / 60.0
            allowed = float(self.given.cargo.within) / 60.0
            title = f"the last pulse came {minutes:.1f} min after the cargo, {allowed:g} min are allowed"
            await self.product.deviation(title, rule=RULE)
        await self.operator.confirm(f"Mix {container} gently, close it, and put it where it recovers")
        if got.delivered == got.cassettes:
            return Move("recover", **results)
        why = f"{got.delivered} of {got.cassettes} pulses were delivered as programmed"
        await self.product.qa_hold(self.product.held(container), reason=why)
        return Move("salvage", why=why, **results)

    async def _end(self, visit: Visit[Results], why: str) -> None:
        await self.product.stop_clock(CLOCK)
        cells = visit.got.waiting
        first = f"bring the cells of {cells} into its medium at once, then " if cells else ""
        await keep_safe(self.product, self.operator, why=why, how=f"{first}keep everything closed and warm")

    async def _sent(self) -> str:
        """Set the program and say in what the device's own is another; empty when it is the same."""
        wanted = self.given.program
        try:
            await self.electroporator.prepare(program=wanted)
            found = await self.electroporator.prepared()
        except GateError:
            raise
        except (RefusedError, FailedError) as refusal:
            return str(refusal)
        return "" if found == wanted else f"the device holds {found.name!r} with other values than {wanted.name!r}"

    @property
    def _handling(self) -> Handling:
        return Handling(self.balance, self.operator, self.product, self.given.weights, RULE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes into how many cassettes."""

    cells: Cells
    cargo: Millilitres
    number: int
    each: Millilitres  # cells and cargo
    density: CellsPerMillilitre


def planned(given: Parameters, volume: Millilitres) -> Plan:
    """Plan for the cells in a volume (mL); raises InputError that says what could be done."""
    cells = Cells(float(given.concentration) * float(volume))
    cargo = cargo_volume(cells=cells, ug_per_million=given.cargo.ug_per_million, stock=given.cargo.stock)
    total = volume + cargo
    dense = density(cells, total)
    if not given.density_least <= dense <= given.density_most:
        low, high = given.density_least, given.density_most
        raise InputError(
            f"{dense:.3g} viable cells/mL; {low:.3g} to {high:.3g} are allowed: bring them into another volume"
        )
    number = cassettes(cells=cells, cells_most=given.cassette.cells_most, volume=total, holds=given.cassette.holds)
    if number > given.cassette.most:
        raise InputError(
            f"{cells:.3g} cells in {total:.2f} mL need {number} cassettes, {given.cassette.most} are allowed: "
            "take fewer cells"
        )
    return Plan(cells, cargo, number, total * (1.0 / number), dense)
