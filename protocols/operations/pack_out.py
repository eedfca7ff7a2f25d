"""Unit operation: pack frozen containers into a charged dry shipper and hand them over to a carrier, with custody.

The charge is judged by weight against the time that the transit may take. A logger runs inside, positions are scanned
and noted, the papers are counted off a list, and the seal is read once more by who takes it over. An engineering lot is
never shipped for infusion. Whatever goes wrong, the containers stay cold: in their cold box or in the shipper.
Units:  g, s, degC; people enter weights in kg.
Source: as ``automation.formulas.shipping``; custody complete when the receiver has signed (EU GMP Part IV; FACT-JACIE).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Answer, Entry, Operator
from automation.engine.visit import Move, Visit
from automation.formulas import shipping
from automation.gmp.words import Meaning
from automation.kernel.errors import InputError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Celsius, Grams, Instant, Seconds
from protocols.operations.retrieve import BUDGET

RULE = "pack-out"
TRIES = 3
STEADY = Seconds(3600.0)  # until a logger has to be steady before people are called
NONE = "none"  # what people enter for a logger that is not there
VALID, LAPSED = "in date", "lapsed"
THERE, MISSING = "there", "missing"
AGAIN, KEEP = "charge it again, or take another one", "keep the containers here"


class Use(StrEnum):
    """What a shipment is for."""

    INFUSION = "infusion"
    TESTING = "testing"


class State(StrEnum):
    """Where a pack-out stands; SHIPPED, REFUSED, OVER_BUDGET and KEPT are final."""

    PLANNED = "planned"
    CHARGED = "charged"
    LOGGED = "logged"
    LOADED = "loaded"
    CLOSED = "closed"
    SHIPPED = "shipped"
    REFUSED = "refused"
    OVER_BUDGET = "over budget"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    use: Use = field(metadata={"label": "What the shipment is for"})
    full_charge: Grams = field(metadata={"range": (100.0, 50_000.0), "label": "Nitrogen of a full charge"})
    holds_when_full: Seconds = field(metadata={"range": (3600.0, 30 * 86_400.0), "label": "A full charge holds for"})
    transit_longest: Seconds = field(
        metadata={"range": (3600.0, 30 * 86_400.0), "label": "Transit at most, with margin"}
    )
    inside_highest: Celsius = field(metadata={"range": (-200.0, -60.0), "label": "Logger inside at most"})
    documents: tuple[str, ...] = field(metadata={"label": "Papers that go with it"})
    warming_above: Celsius = field(metadata={"range": (-196.0, 0.0), "label": "Warming counts above"})
    warming_longest: Seconds = field(metadata={"range": (0.0, 86400.0), "label": "Warming budget over the whole life"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    containers: tuple[str, ...] = ()
    warmed_before: tuple[Seconds, ...] = ()  # in the same order
    shipper: str = ""
    charge: Grams | None = None
    holds: Seconds | None = None
    logger: str = ""
    positions: tuple[str, ...] = ()  # in the shipper, in the order of the containers
    transfer: Seconds | None = None
    warming: Seconds | None = None  # most that any container has used of its budget
    seal: str = ""
    carrier: str = ""
    waybill: str = ""
    handed_over_at: Instant | None = None
    why: str = ""  # it was not shipped


@dataclass(frozen=True, slots=True)
class PackOut:
    """Pack the containers of the batch that are out of the store, and hand them over."""

    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.SHIPPED})
    no_pause: ClassVar = frozenset({State.LOGGED})
    safe: ClassVar = (
        SafeProduct(after=("holding",), told="stays cold and closed"),
        SafeProduct(after=ENDINGS, told="back into the store"),
    )
    table: ClassVar = Table(
        State.PLANNED,
        (
            Row("charge", State.PLANNED, State.CHARGED),
            Row("refuse", State.PLANNED, State.REFUSED),
            Row("log", State.CHARGED, State.LOGGED),
            Row("go_without", State.CHARGED, State.REFUSED),
            Row("load", State.LOGGED, State.LOADED),
            Row("close", State.LOADED, State.CLOSED),
            Row("overrun", State.LOADED, State.OVER_BUDGET),
            Row("lack", State.LOADED, State.KEPT),
            Row("ship", State.CLOSED, State.SHIPPED),
            Row("keep", State.CLOSED, State.KEPT),
        ),
    )

    async def planned(self, _visit: Visit[Results]) -> Move:
        """Judge the charge of a shipper by its weight; what is not charged enough is charged again, a few times."""
        if self.given.use is Use.INFUSION and not self.product.for_patients:
            return Move("refuse", why=await self._not_packed("an engineering lot is never shipped for infusion"))
        held = [self.product.held(label.id) for label in self.product.labels() if label.state == "in process"]
        found = {
            "containers": tuple(one.id for one in held),
            "warmed_before": tuple(self.product.warmed(one) for one in held),
        }
        why = ""
        for turn in range(1, TRIES + 1):
            seen = await self.operator.enter(
                "Take a dry shipper that was charged for a day, upright. Pour off what is free, and weigh it",
                Entry("shipper", "Number of the shipper"),
                Entry("qualified", "Its qualification", options=(VALID, LAPSED)),
                Entry("dry", "Its dry weight, by its plate", unit="kg", low=0.5, high=100.0, decimals=2),
                Entry("charged", "Its weight now", unit="kg", low=0.5, high=150.0, decimals=2),
                second=True,
            )
            taken, holds, why = self._judged(seen)
            if not why:
                return Move("charge", shipper=seen.word("shipper"), charge=taken, holds=holds, **found)
            await self.product.deviation(f"shipper {seen.word('shipper')}: {why}", rule=RULE)
            if turn == TRIES or await self.operator.choose(f"Not this shipper: {why}", AGAIN, KEEP) == KEEP:
                break
        return Move("refuse", why=await self._not_packed(why), **found)

    async def charged(self, visit: Visit[Results]) -> Move:
        """Let a logger run inside, cold enough, before anything is put in."""
        why = ""
        for turn in range(1, TRIES + 1):
            seen = await self.operator.enter(
                f"Start a logger and hang its probe into shipper {visit.got.shipper}; wait until it is steady",
                Entry("logger", f"Number of the logger; {NONE} without one"),
                Entry("calibrated", "Its calibration", options=(VALID, LAPSED)),
                Entry("inside", "Temperature inside", unit="degC", low=-200.0, high=60.0, decimals=1),
                second=True,
                within=STEADY,
            )
            why = self._logger_trouble(seen)
            if not why:
                return Move("log", logger=seen.word("logger"))
            await self.product.deviation(f"shipper {visit.got.shipper}: {why}", rule=RULE)
            if turn < TRIES:
                await self.operator.confirm(f"Not possible: {why}. Put it right, then confirm")
        return Move("go_without", why=await self._not_packed(why))

    async def logged(self, visit: Visit[Results]) -> Move:
        """Identify each container at the shipper, and time its way out of the cold box."""
        got = visit.got
        for name in got.containers:
            label = self.product.label(name)
            await self.operator.scan(
                f"Scan the label of {name} at shipper {got.shipper}, in the cold box",
                accept=(label.code,),
                expects=label.expects,
            )
        names = ", ".join(got.containers)
        out = await self.operator.confirm(f"Take {names} out of the cold box: confirm when it leaves it")
        there = await self.operator.enter(
            f"Put {names} into shipper {got.shipper}, close it, and enter the positions",
            *(Entry(f"place {name}", f"Position of {name} in the shipper") for name in got.containers),
            second=True,
        )
        places = tuple(there.word(f"place {name}") for name in got.containers)
        return Move("load", positions=places, transfer=there.at - out.at)

    async def loaded(self, visit: Visit[Results]) -> Move:
        """Count the way against the warming budget, complete the papers, and seal."""
        got, transfer = visit.got, visit.got.transfer or Seconds(0.0)
        for name, place in zip(got.containers, got.positions, strict=True):
            container = self.product.held(name)
            await self.product.place(container, where=f"shipper {got.shipper}, {place}", reason=RULE)
            await self.product.warm(container, duration=transfer, above=float(self.given.warming_above))
        warming = max(got.warmed_before) + transfer
        if warming > self.given.warming_longest:
            await self.product.deviation("the warming budget is used up by the pack-out", rule=BUDGET)
            await self._hold(got, "warming budget used up")
            return Move("overrun", warming=warming, why="the warming budget is used up")
        missing = ""
        for turn in range(1, TRIES + 1):
            seen = await self.operator.enter(
                f"Put the papers to shipper {got.shipper}, seal it, and enter the number of the seal",
                *(Entry(f"paper {one}", one.capitalize(), options=(THERE, MISSING)) for one in self.given.documents),
                Entry("seal", "Number of the seal"),
                second=True,
            )
            missing = ", ".join(one for one in self.given.documents if seen.word(f"paper {one}") != THERE)
            if not missing:
                return Move("close", warming=warming, seal=seen.word("seal"))
            await self.product.deviation(f"shipper {got.shipper} lacks {missing}", rule=RULE)
            if turn < TRIES:
                await self.operator.confirm(f"Not possible without {missing}. Get it, then confirm")
        await self._hold(got, f"packed without {missing}")
        return Move("lack", warming=warming, why=f"papers are missing: {missing}")

    async def closed(self, visit: Visit[Results]) -> Move:
        """Hand over: the carrier reads the seal, two people sign, and the custody of the batch ends."""
        got = visit.got
        seen = await self.operator.enter(
            f"Hand shipper {got.shipper} over upright; let the carrier read the seal aloud",
            Entry("carrier", "Carrier, and number of who takes it over"),
            Entry("waybill", "Number of the waybill"),
            Entry("seal", "Seal, as the carrier reads it"),
            second=True,
        )
        if seen.word("seal") != got.seal:
            why = f"seal {seen.word('seal')!r} at the hand-over, {got.seal!r} when it was closed"
            await self.product.deviation(f"shipper {got.shipper}: {why}", rule=RULE)
            await self._hold(got, why)
            await self.operator.confirm(f"Not handed over: {why}. Keep shipper {got.shipper} here, upright, and ask QA")
            return Move("keep", why=why)
        to = f"{seen.word('carrier')}, waybill {seen.word('waybill')}"
        signed = await self.operator.sign(
            f"Shipper {got.shipper} with {', '.join(got.containers)} under seal {got.seal} was handed over to {to}",
            Meaning.PERFORMED,
            Meaning.VERIFIED,
        )
        give = self.product.dispense if self.given.use is Use.INFUSION else self.product.hand_over
        for name in got.containers:
            await give(self.product.held(name), to=to)
        carrier, waybill = seen.word("carrier"), seen.word("waybill")
        return Move("ship", carrier=carrier, waybill=waybill, handed_over_at=signed.at)

    async def holding(self, _visit: Visit[Results]) -> None:
        """What is frozen waits in the cold; a container on its way has no pause."""
        await self.operator.confirm(
            "Held: what is on its way goes into the shipper or the cold box first, and stays cold and closed"
        )

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Bring everything back, under QA hold."""
        await self._bring_back("stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await self._bring_back("aborted")

    async def _bring_back(self, how: str) -> None:
        held = self.product.transferred()
        for container in held:
            await self.product.qa_hold(container, reason=f"pack-out {how}")
        names = ", ".join(container.id for container in held) or "what is here of it"
        await self.operator.confirm(
            f"The pack-out was {how}: bring {names} back into the store, apart from released product, and ask QA"
        )

    async def _hold(self, got: Results, why: str) -> None:
        for name in got.containers:
            await self.product.qa_hold(self.product.held(name), reason=why)

    async def _not_packed(self, why: str) -> str:
        """Tell people that nothing goes out; gives why."""
        await self.operator.confirm(
            f"Not packed: {why}. What is in the cold box stays cold there; ask QA where it goes"
        )
        return why

    def _judged(self, seen: Answer) -> tuple[Grams, Seconds, str]:
        """Give the charge (g), how long it holds (s), and why the shipper can't be used; empty when it can."""
        charged, dry = (Grams(1000.0 * seen.number(name)) for name in ("charged", "dry"))
        try:
            taken = shipping.charge(charged=charged, dry=dry)
        except InputError as wrong:
            return Grams(0.0), Seconds(0.0), str(wrong)
        holds = shipping.holding_time(taken, full=self.given.full_charge, holds=self.given.holds_when_full)
        if seen.word("qualified") != VALID:
            return taken, holds, "its qualification has lapsed"
        if holds < self.given.transit_longest:
            days, needed = float(holds) / 86_400, float(self.given.transit_longest) / 86_400
            return taken, holds, f"{taken:.0f} g of nitrogen hold {days:.1f} d, {needed:.1f} d are needed"
        return taken, holds, ""

    def _logger_trouble(self, seen: Answer) -> str:
        """Say what is wrong with the logger; empty when nothing is."""
        if seen.word("logger").strip().lower() in {"", NONE}:
            return "there is no logger"
        if seen.word("calibrated") != VALID:
            return f"the calibration of logger {seen.word('logger')} has lapsed"
        if Celsius(seen.number("inside")) > self.given.inside_highest:
            return f"it is {seen.number('inside'):g} degC inside, above {self.given.inside_highest:g} degC"
        return ""
