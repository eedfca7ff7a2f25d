"""Unit operation: thaw one container in a warm thawer until no ice is left. Once begun it has no pause.

It begins when the container goes into the thawer: from there the time to its use counts, so that no hold, restart or
slow look can lengthen it. It ends when people see no ice and the surface is measured above freezing. Holding and ending
let a thaw that has begun go to its end first.
Units:  degC, s, mL.
Source: public instructions for thawing cell products (one bag at a time, about 37 degC, until no visible ice, used
        within a stated time at room temperature); EU GMP Part IV.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeDevice, SafeProduct
from automation.engine.product import Amount, Product
from automation.engine.prompts import Answer, Entry, Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import DEADLINE, Watch, When
from automation.formulas.identifiers import Kind
from automation.kernel.errors import FailedError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Celsius, Instant, Kelvin, Millilitres, Percent, Seconds
from instruments.interfaces.thawer import Thawer, ThawerState, ThawerStatus

RULE = "thaw"
USE = "thaw of the container to its use"
NO_ICE, ICE = "no ice is visible", "ice is left"
INTACT = "intact"
GO_ON, GIVE_UP = "go on thawing", "give it up: take it out, keep it cold for QA"
MOST = 2  # times that people may go on after the longest time
LOOKS = 100  # in one stay


class State(StrEnum):
    """Where a thaw stands; THAWED, NOT_BEGUN and FAILED are final."""

    COLD = "cold"
    WARM = "warm"
    THAWING = "thawing"
    OVERDUE = "overdue"
    CLEAR = "clear"
    THAWED = "thawed"
    NOT_BEGUN = "not begun"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dilution:
    """What is added at once after the thaw."""

    material: str = field(metadata={"label": "Its name in the bill of materials"})
    volume: Millilitres = field(metadata={"range": (0.1, 1000.0), "label": "Volume added"})
    error: Percent = field(metadata={"range": (0.1, 20.0), "label": "Uncertainty of the volume"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    temperature: Celsius = field(metadata={"range": (20.0, 45.0), "label": "Thawer is kept at"})
    within: Kelvin = field(metadata={"range": (0.1, 5.0), "label": "Thawer is warm within"})
    warm_within: Seconds = field(metadata={"range": (10.0, 7200.0), "label": "Thawer is warm after at most"})
    every: Seconds = field(metadata={"range": (1.0, 60.0), "label": "Between looks at the thawer"})
    first_look: Seconds = field(metadata={"range": (10.0, 3600.0), "label": "First look at the container after"})
    look_every: Seconds = field(metadata={"range": (5.0, 600.0), "label": "Between looks at the container"})
    thaw_longest: Seconds = field(metadata={"range": (30.0, 7200.0), "label": "Longest thaw"})
    ice_free_above: Celsius = field(metadata={"range": (-10.0, 20.0), "label": "Surface without ice is above"})
    warmest: Celsius = field(metadata={"range": (0.0, 40.0), "label": "Surface at most"})
    use_within: Seconds | None = field(  # null: a time limit of the recipe says it
        metadata={"range": (60.0, 86400.0), "label": "Beginning of the thaw to use"}
    )
    warn_at: Percent | None = field(metadata={"range": (1.0, 99.0), "label": "Share of it at which people are told"})
    dilution: Dilution | None = field(metadata={"label": "Dilution at once after the thaw"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    container: str = ""
    volume: Millilitres | None = None  # by the record, with what was added
    begun_at: Instant | None = None
    clear_at: Instant | None = None
    thaw_time: Seconds | None = None
    surface: Celsius | None = None  # when it was taken out
    overruns: int = 0  # of the longest time
    why: str = ""  # it was not thawed


@dataclass(frozen=True, slots=True)
class Thaw:
    """Thaw the one container of the batch that is out of the store."""

    thawer: Thawer
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.THAWED})
    no_pause: ClassVar = frozenset({State.THAWING, State.OVERDUE, State.CLEAR})
    safe: ClassVar = (
        SafeDevice(
            after=ENDINGS,
            role="thawer",
            ask="look",
            reads="state",
            among=frozenset({ThawerState.RESTING, ThawerState.FAILED}),
        ),
        SafeProduct(after=("holding",), told="stays frozen in the cold box", within=(State.COLD, State.WARM)),
        SafeProduct(after=("holding",), told="has no pause", within=(State.THAWING, State.OVERDUE)),
        SafeProduct(after=("holding",), told="stays closed", within=(State.CLEAR,)),
        SafeProduct(after=ENDINGS, told="back into the store", within=(State.COLD, State.WARM)),
        SafeProduct(after=ENDINGS, told="thaw it to its end", within=(State.THAWING, State.OVERDUE)),
        SafeProduct(after=ENDINGS, told="at 2 to 8 degC", within=(State.THAWING, State.OVERDUE, State.CLEAR)),
    )
    table: ClassVar = Table(
        State.COLD,
        (
            Row("warm_up", State.COLD, State.WARM),
            Row("refuse", State.COLD, State.NOT_BEGUN),
            Row("begin", State.WARM, State.THAWING),
            Row("cool_down", State.WARM, State.NOT_BEGUN),
            Row("clear", State.THAWING, State.CLEAR),
            Row("overrun", State.THAWING, State.OVERDUE),
            Row("go_on", State.OVERDUE, State.THAWING),
            Row("give_up", State.OVERDUE, State.FAILED),
            Row("finish", State.CLEAR, State.THAWED),
            Row("fail", State.CLEAR, State.FAILED),
        ),
    )

    async def cold(self, visit: Visit[Results]) -> Move:
        """Warm the thawer; the container stays in its cold box until it is warm."""
        label = self.product.one()
        found = {"container": label.id, "volume": label.volume}
        if self.given.dilution is not None:
            lot = self.product.lot(self.given.dilution.material).id
            text = f"Scan the label of {self.given.dilution.material}, lot {lot}"
            await self.operator.scan(text, accept=(lot,), expects=Kind.LOT)
        await self.thawer.keep(temperature=self.given.temperature)
        seen = await self.watch.until(
            self.thawer.look, self._is_warm, every=self.given.every, deadline=visit.since + self.given.warm_within
        )
        if seen is None:
            return Move("refuse", why=await self._not_warm(label.id), **found)
        return Move("warm_up", **found)

    async def warm(self, visit: Visit[Results]) -> Move:
        """Look at the thawer once more and let the container in; from here on the thaw goes to its end."""
        label = self.product.label(visit.got.container)
        if not self._is_warm(await self.thawer.look()):
            return Move("cool_down", why=await self._not_warm(label.id))
        put = await self.operator.scan(
            f"Take {label.id} out of the cold box, scan its label, and put it into the thawer at once",
            accept=(label.code,),
            expects=label.expects,
        )
        return Move("begin", begun_at=put.at)

    async def thawing(self, visit: Visit[Results]) -> Move:
        """Let people look until no ice is left; what takes too long is decided about."""
        got, begun = visit.got, visit.got.begun_at or visit.since
        if not got.overruns:
            await self._start_clock(begun)
            await self._let_it_thaw(got.container, begun + self.given.first_look)
        for _ in range(LOOKS):
            seen = await self.operator.enter(
                f"Move {got.container} gently in the thawer, lift it and look for ice",
                Entry("ice", "What is seen", options=(NO_ICE, ICE)),
                Entry("surface", "Surface, by infrared thermometer", unit="degC", low=-200.0, high=60.0, decimals=1),
            )
            if self._is_clear(seen):
                surface = Celsius(seen.number("surface"))
                return Move("clear", clear_at=seen.at, thaw_time=seen.at - begun, surface=surface)
            if seen.at >= visit.since + self.given.thaw_longest:
                break
            await self.watch.pause(self.given.look_every)
        return Move("overrun", overruns=got.overruns + 1)

    async def overdue(self, visit: Visit[Results]) -> Move:
        """Let two people decide about a container that still has ice."""
        got = visit.got
        minutes = float(visit.since - (got.begun_at or visit.since)) / 60
        title = f"ice is left in {got.container} {minutes:.1f} min after the beginning of its thaw"
        await self.product.deviation(title, rule=RULE)
        options = (GO_ON, GIVE_UP) if got.overruns <= MOST else (GIVE_UP,)
        if await self.operator.choose(f"{title}. What is done?", *options, second=True) == GO_ON:
            return Move("go_on")
        await self.product.qa_hold(self.product.held(got.container), reason=title)
        await self.operator.confirm(f"Take {got.container} out of the thawer, keep it closed and apart, and ask QA")
        await self._rest()
        return Move("give_up", why=title)

    async def clear(self, visit: Visit[Results]) -> Move:
        """Take the container out, look at it, dilute it where the recipe says so."""
        got, container = visit.got, self.product.held(visit.got.container)
        seen = await self.operator.enter(
            f"Take {container.id} out of the thawer, dry it and look at all seams and ports",
            Entry("condition", "Condition of the container", options=(INTACT, "leaking", "damaged")),
            second=True,
        )
        if got.surface is not None and got.surface > self.given.warmest:
            title = f"{container.id} was {got.surface:g} degC warm, above {self.given.warmest:g} degC"
            await self.product.deviation(title, rule=RULE)
        if seen.word("condition") != INTACT:
            why = f"{container.id} is {seen.word('condition')} after the thaw"
            await self.product.deviation(why, rule=RULE)
            await self.product.qa_hold(container, reason=why)
            await self._rest()
            return Move("fail", why=why)
        volume = await self._dilute(got)
        await self._rest()
        return Move("finish", volume=volume)

    async def holding(self, visit: Visit[Results]) -> None:
        """What is frozen stays so; a thaw that has begun goes to its end, and the time to the use counts on."""
        got = visit.got
        if got.begun_at is None:
            name = got.container or "the container"
            text = f"{name} stays frozen in the cold box; what lies in the thawer already is thawed to its end"
        elif got.clear_at is None:
            text = f"a thaw has no pause. Thaw {got.container} until no ice is left, take it out, keep it closed"
        else:
            text = f"{got.container} is taken out of the thawer if it is there, and stays closed at 20 to 25 degC"
        await self.operator.confirm(f"Held: {text}. The time to its use counts on")

    async def stopping(self, visit: Visit[Results]) -> None:
        """Bring what is frozen back; let what has begun to thaw go to its end, cool, under QA hold."""
        await self._end(visit, "stopped")

    async def aborting(self, visit: Visit[Results]) -> None:
        """As stopping."""
        await self._end(visit, "aborted")

    async def _end(self, visit: Visit[Results], how: str) -> None:
        got = visit.got
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=f"thaw {how}")
        name = got.container or "the container"
        if got.begun_at is None:
            text = f"bring {name} back into the store; if it is in the thawer already, thaw it to its end"
        elif got.clear_at is None:
            text = f"{name} can't stay half thawed: thaw it to its end, take it out, keep it closed at 2 to 8 degC"
        else:
            text = f"take {name} out of the thawer if it is there, keep it closed at 2 to 8 degC"
        await self.operator.confirm(f"The thaw was {how}: {text}, apart from released product, and ask QA")
        await self.thawer.rest()

    async def _start_clock(self, begun: Instant) -> None:
        if self.given.use_within is not None and self.given.warn_at is not None:
            share = float(self.given.warn_at) / 100
            await self.product.start_clock(
                USE, longest=self.given.use_within, used=Seconds(0.0), warn_at=share, since=begun
            )

    async def _let_it_thaw(self, name: str, until: Instant) -> None:
        """Watch the thawer until the first look; one that fails does not stop the thaw, people go on elsewhere."""
        seen = await self.watch.first(every=self.given.every, deadline=until, broken=When(self.thawer.look, _is_broken))
        if seen.name != DEADLINE:
            message = seen.value.message if isinstance(seen.value, ThawerStatus) else ""
            await self.product.deviation(f"the thawer failed while {name} was in it: {message}", rule=RULE)
            await self.operator.confirm(
                f"The thawer failed: bring {name} into another one of {self.given.temperature:g} degC at once"
            )

    async def _dilute(self, got: Results) -> Millilitres:
        """Add what the recipe says; gives the volume (mL) after it."""
        before, dilution = got.volume or Millilitres(0.0), self.given.dilution
        if dilution is None:
            return before
        lot, error = self.product.lot(dilution.material), float(dilution.error) / 100
        await self.operator.confirm(
            f"Add {float(dilution.volume):.1f} mL of {dilution.material}, lot {lot.id}, to {got.container} slowly and "
            "mix, then confirm",
            second=True,
        )
        amount = Amount(dilution.volume, dilution.volume * error)
        await self.product.add(self.product.held(got.container), lot=lot, amount=amount, what=dilution.material)
        return before + dilution.volume

    async def _rest(self) -> None:
        """Switch the thawer off; thawed product does not wait for one that refuses."""
        try:
            await self.thawer.rest()
        except (RefusedError, FailedError) as trouble:
            await self.product.alarm("thawer", f"it stays warm: {trouble}", response="Switch it off at the device")

    async def _not_warm(self, name: str) -> str:
        """Note that nothing was begun, and have the container brought back; gives why."""
        why = f"the thawer is not at {self.given.temperature:g} degC"
        await self.product.deviation(why, rule=RULE)
        await self.operator.confirm(f"Not begun: {why}. Bring {name} back into the store and ask QA")
        return why

    def _is_warm(self, seen: ThawerStatus) -> bool:
        near = seen.temperature is not None and abs(seen.temperature - self.given.temperature) <= self.given.within
        return seen.state is ThawerState.HEATING and near

    def _is_clear(self, seen: Answer) -> bool:
        return seen.word("ice") == NO_ICE and Celsius(seen.number("surface")) > self.given.ice_free_above


def _is_broken(seen: ThawerStatus) -> bool:
    return seen.state is ThawerState.FAILED
