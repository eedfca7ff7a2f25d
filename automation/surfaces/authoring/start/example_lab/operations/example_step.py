"""Unit operation: keep a closed container on a plate at a temperature for a time.

The plate is watched until it is warm, and only then the container is put on. The plate keeps its temperature whether
this program runs or not, so holding leaves the container on it; stopping and aborting take it off, under QA hold.
Units:  degC, K, s.
Source: an example; name your own SOP and the paragraphs of it here.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeDevice, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import Watch
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Celsius, Instant, Kelvin, Seconds
from instruments.interfaces.thawer import Thawer, ThawerState, ThawerStatus


class State(StrEnum):
    """Where the step stands; TAKEN_OFF, DISTURBED and NOT_WARM are final."""

    COLD = "cold"
    WARM = "warm"
    ON_THE_PLATE = "on the plate"
    TAKEN_OFF = "taken off"
    DISTURBED = "disturbed"
    NOT_WARM = "not warm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    temperature: Celsius = field(metadata={"range": (4.0, 42.0), "label": "Temperature of the plate"})
    within: Kelvin = field(metadata={"range": (0.1, 5.0), "label": "Half-width around it"})
    warms_within: Seconds = field(metadata={"range": (30.0, 7200.0), "label": "Longest time to get warm"})
    duration: Seconds = field(metadata={"range": (60.0, 86_400.0), "label": "Time on the plate"})
    every: Seconds = field(metadata={"range": (1.0, 600.0), "label": "Between readings"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps and limits may use."""

    container: str = ""
    put_on_at: Instant | None = None
    on_for: Seconds | None = None
    off_by: Kelvin | None = None  # of a plate that did not keep its temperature


@dataclass(frozen=True, slots=True)
class ExampleStep:
    """Keep the container of the batch on a warm plate for a time, watched."""

    plate: Thawer
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.TAKEN_OFF})
    lasts: ClassVar = {State.COLD: "warms_within", State.ON_THE_PLATE: "duration"}
    safe: ClassVar = (
        SafeProduct(after=("holding", *ENDINGS), told="closed"),
        SafeDevice(after=ENDINGS, role="plate", ask="look", reads="state", among=frozenset({ThawerState.RESTING})),
    )
    table: ClassVar = Table(
        State.COLD,
        (
            Row("warm_up", State.COLD, State.WARM),
            Row("give_up", State.COLD, State.NOT_WARM),
            Row("put_on", State.WARM, State.ON_THE_PLATE),
            Row("take_off", State.ON_THE_PLATE, State.TAKEN_OFF),
            Row("disturb", State.ON_THE_PLATE, State.DISTURBED),
        ),
    )

    async def cold(self, visit: Visit[Results]) -> Move:
        """Set the plate and wait until it is warm; after the time for that nothing is begun."""
        await self.plate.keep(temperature=self.given.temperature)
        end = visit.since + self.given.warms_within
        seen = await self.watch.until(self.plate.look, self._is_warm, every=self.given.every, deadline=end)
        if seen is not None:
            return Move("warm_up")
        await self.plate.rest()
        await self.product.deviation("the plate did not get warm in time; nothing was begun", rule="plate")
        return Move("give_up")

    async def warm(self, _visit: Visit[Results]) -> Move:
        """Identify the container at the plate; the time on it counts from that scan."""
        label = self.product.one()
        text = f"Put {label.id} on the plate, closed, and scan its label there"
        scanned = await self.operator.scan(text, accept=(label.code,), expects=label.expects)
        return Move("put_on", container=label.id, put_on_at=scanned.at)

    async def on_the_plate(self, visit: Visit[Results]) -> Move:
        """Watch the plate until the time is over; a plate that leaves its temperature ends the step."""
        end = visit.since + self.given.duration
        off = await self.watch.until(self.plate.look, self._is_off, every=self.given.every, deadline=end)
        if off is not None:
            await self._put_aside("the plate left its temperature")
            return Move("disturb", off_by=self._off_by(off.value))
        name = visit.got.container
        taken = await self.operator.confirm(f"Take {name} off the plate, closed: confirm at that moment")
        await self.plate.rest()
        return Move("take_off", on_for=taken.at - (visit.got.put_on_at or visit.since))

    async def holding(self, _visit: Visit[Results]) -> None:
        """The plate keeps its temperature; the container stays where it is, and the time goes on."""
        await self.operator.confirm("Held: the container stays where it is, closed; time goes on")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Take the container off and keep it apart, under QA hold."""
        await self._put_aside("the step was stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await self._put_aside("the step was aborted")

    async def _put_aside(self, why: str) -> None:
        """Make product and plate safe; the same whether the container is on the plate or not."""
        label = self.product.one()
        await self.plate.rest()
        await self.product.deviation(why, rule="plate")
        await self.product.qa_hold(self.product.held(label.id), reason=why)
        await self.operator.confirm(
            f"Take {label.id} off the plate if it is there, keep it closed and apart, and ask QA"
        )

    def _off_by(self, seen: ThawerStatus) -> Kelvin | None:
        return None if seen.temperature is None else abs(seen.temperature - self.given.temperature)

    def _is_warm(self, seen: ThawerStatus) -> bool:
        off = self._off_by(seen)
        return off is not None and off <= self.given.within

    def _is_off(self, seen: ThawerStatus) -> bool:
        return not self._is_warm(seen)
