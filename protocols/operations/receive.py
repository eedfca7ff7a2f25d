"""Unit operation: take a container in. Identity by two scans, seal, temperature trace, condition, exposure taken over.

A seal, trace or condition that is not as it should be opens a deviation, and a person decides: accepted under QA hold,
or refused. Nothing is done to the product here, so holding, stopping and aborting only keep it cool.
Source: EU GMP Part IV (identity at each hand-over); 21 CFR 211.80 and 211.84 (examination on receipt).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.handles import Container
from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Labelled, Product
from automation.engine.prompts import Answer, Entry, Operator
from automation.engine.visit import Move, Visit
from automation.formulas.identifiers import Kind
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Celsius, Millilitres, Percent, Seconds

EXPOSURE = "exposure before freezing"
INTACT = "intact"


class State(StrEnum):
    """Where a receipt stands; ACCEPTED and REFUSED are final."""

    ARRIVED = "arrived"
    IDENTIFIED = "identified"
    EXAMINED = "examined"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    transport_lowest: Celsius = field(metadata={"range": (-200.0, 40.0), "label": "Transport at least"})
    transport_highest: Celsius = field(metadata={"range": (-200.0, 40.0), "label": "Transport at most"})
    exposure_longest: Seconds | None = field(  # null: the product comes without cryoprotectant
        metadata={"range": (60.0, 86400.0), "label": "Cryoprotectant contact to freezing"}
    )
    warn_at: Percent | None = field(  # null as above
        metadata={"range": (1.0, 99.0), "label": "Share of the exposure at which people are told"}
    )


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    container: str | None = None
    volume: Millilitres | None = None
    lowest: Celsius | None = None  # of the transport
    highest: Celsius | None = None
    exposure: Seconds | None = None  # used up before receipt
    seal: str = ""  # as found
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receive:
    """Identify, examine and take in one container of the batch."""

    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    identifies: ClassVar = True
    good: ClassVar = frozenset({State.ACCEPTED})
    safe: ClassVar = (
        SafeProduct(after=("holding",), told="keep the container as its label says"),
        SafeProduct(after=ENDINGS, told="as its label says, apart from released product"),
    )
    table: ClassVar = Table(
        State.ARRIVED,
        (
            Row("identify", State.ARRIVED, State.IDENTIFIED),
            Row("examine", State.IDENTIFIED, State.EXAMINED),
            Row("accept", State.EXAMINED, State.ACCEPTED),
            Row("refuse", State.EXAMINED, State.REFUSED),
        ),
    )

    async def arrived(self, _visit: Visit[Results]) -> Move:
        """Scan two identifiers of the container; each has to be the one that was ordered."""
        label = self._label()
        await self.operator.scan(_asks(label), accept=(label.code,), expects=label.expects)
        await self.operator.scan(
            f"Scan the chain-of-identity code on {label.id}",
            accept=(label.identity,),
            expects=Kind.COI,
        )
        return Move("identify", container=label.id, volume=label.volume)

    async def identified(self, _visit: Visit[Results]) -> Move:
        """Look at seal, temperature trace and condition; what is not as it should be is a finding."""
        label = self._label()
        seen = await self.operator.enter(
            "Examine the container and its shipping paper",
            Entry("seal", "Number on the seal"),
            Entry("lowest", "Lowest temperature of the trace", unit="degC", low=-200.0, high=60.0),
            Entry("highest", "Highest temperature of the trace", unit="degC", low=-200.0, high=60.0),
            Entry("condition", "Condition of the container", options=(INTACT, "leaking", "damaged")),
            *self._asks_exposure(),
            second=True,
        )
        findings = self._findings(seen, label)
        for finding in findings:
            await self.product.deviation(finding, rule="receipt")
        return Move(
            "examine",
            lowest=Celsius(seen.number("lowest")),
            highest=Celsius(seen.number("highest")),
            exposure=Seconds(60.0 * seen.number("exposure")) if self._asks_exposure() else None,
            seal=seen.word("seal"),
            findings=findings,
        )

    async def examined(self, visit: Visit[Results]) -> Move:
        """Take the container in; with findings a person decides, and it is accepted under QA hold only."""
        label, got = self._label(), visit.got
        if got.findings and not await self._accepted(got.findings):
            return Move("refuse")
        container = Container(label.id)
        exposure = got.exposure or Seconds(0.0)
        condition = "; ".join(got.findings) or INTACT
        await self.product.receive(container, condition=condition, seal=got.seal, exposure=exposure)
        if got.findings:
            await self.product.qa_hold(container, reason=f"received with findings: {condition}")
        if self.given.exposure_longest is not None and self.given.warn_at is not None:
            share = float(self.given.warn_at) / 100
            await self.product.start_clock(EXPOSURE, longest=self.given.exposure_longest, used=exposure, warn_at=share)
        return Move("accept")

    async def holding(self, _visit: Visit[Results]) -> None:
        """Keep the product cool; the exposure clock runs on."""
        clock = " The exposure clock runs on." if self._asks_exposure() else ""
        await self.operator.confirm(f"Held: keep the container as its label says.{clock}")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Keep the container as its label says, apart, under QA hold."""
        await self._put_aside("stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await self._put_aside("aborted")

    async def _put_aside(self, how: str) -> None:
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=f"receipt {how}")
        await self.operator.confirm(
            f"The receipt was {how}: keep {self._label().id} as its label says, apart from released product, and ask QA"
        )

    def _asks_exposure(self) -> tuple[Entry, ...]:
        """Give the entry for the time in cryoprotectant; none when the product comes without it."""
        if self.given.exposure_longest is None:
            return ()
        return (Entry("exposure", "Time since cryoprotectant was added", unit="min", low=0.0, high=1440.0, decimals=1),)

    def _label(self) -> Labelled:
        return self.product.labels()[0]

    async def _accepted(self, findings: tuple[str, ...]) -> bool:
        choice = await self.operator.choose(
            f"Receipt with findings: {'; '.join(findings)}", "accept under QA hold", "refuse"
        )
        return choice == "accept under QA hold"

    def _findings(self, seen: Answer, label: Labelled) -> tuple[str, ...]:
        found: list[str] = []
        if label.seal and seen.word("seal") != label.seal:
            found.append(f"seal mismatch: {seen.word('seal')!r} on the container, {label.seal!r} on the order")
        if seen.number("lowest") < float(self.given.transport_lowest):
            found.append(
                f"transport excursion: {seen.number('lowest'):g} degC, below {self.given.transport_lowest:g} degC"
            )
        if seen.number("highest") > float(self.given.transport_highest):
            found.append(
                f"transport excursion: {seen.number('highest'):g} degC, above {self.given.transport_highest:g} degC"
            )
        if seen.word("condition") != INTACT:
            found.append(f"container is {seen.word('condition')}")
        return tuple(found)


def _asks(label: Labelled) -> str:
    what = "donation number (DIN)" if label.expects is Kind.DIN else str(label.expects)
    return f"Scan the {what} on {label.id}"
