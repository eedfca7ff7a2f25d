"""Unit operation: say what cells a sample holds, by flow cytometry: stained by a worksheet, gated by a signed strategy.

The cytometer's file is found by the sample, kept, and gated here. A share that events do not support is none: where no
event lies in a gate, or every one, the bound of its 95 % interval stands for it, never 0 or 100 %; too few events are
acquired again, as often as the recipe allows, and are not evaluable after that.
Units:  %, mL.
Source: as ``automation.formulas.gating``; 21 CFR 211.194(a); limits are the user's.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Amount, Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.formulas.gating import Population, Strategy
from automation.formulas.identifiers import Kind
from automation.kernel.errors import InputError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Millilitres, Percent, Seconds
from instruments.interfaces.flow_cytometer import FlowCytometer, FlowReport, FlowResult

RULE = "flow cytometry"
AGAIN, ENOUGH = "look again", "there will be no file"


class State(StrEnum):
    """Where a phenotyping stands; EVALUATED and NOT_EVALUABLE are final."""

    DRAWN = "drawn"
    ACQUIRED = "acquired"
    GATED = "gated"
    EVALUATED = "evaluated"
    NOT_EVALUABLE = "not evaluable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stain:
    """One line of the worksheet: what is added to the cells."""

    marker: str = field(metadata={"label": "Marker"})
    dye: str = field(metadata={"label": "Dye"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """Which gates are reported as what; null where there is none."""

    wanted: str = field(metadata={"label": "Gate of the wanted cells"})
    carrying: str | None = field(metadata={"label": "Gate of those that carry the vector"})
    unwanted: str | None = field(metadata={"label": "Gate of cells that are to be absent"})
    living: str | None = field(metadata={"label": "Gate of the live cells"})

    @property
    def gates(self) -> tuple[str, ...]:
        """Name the gates that are reported."""
        return tuple(filter(None, (self.wanted, self.carrying, self.unwanted, self.living)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    sample: Millilitres = field(metadata={"range": (0.01, 50.0), "label": "Volume of the sample"})
    sample_uncertainty: Percent = field(metadata={"range": (0.0, 20.0), "label": "Its uncertainty"})
    kit: str = field(metadata={"label": "Staining kit, by its name in the bill"})
    worksheet: tuple[Stain, ...] = field(metadata={"label": "Staining worksheet"})
    events: int = field(metadata={"range": (100, 10_000_000), "label": "Events to acquire"})
    acquired_within: Seconds = field(
        metadata={"range": (60.0, 86_400.0), "label": "People are called when not acquired within"}
    )
    tubes_at_most: int = field(metadata={"range": (1, 5), "label": "Tubes at most"})
    strategy: Strategy = field(metadata={"label": "Gating strategy"})
    reported: Reported = field(metadata={"label": "What is reported"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use; shares are of what their gate lies within, or the bound of that share."""

    container: str = ""
    samples: tuple[str, ...] = ()
    populations: tuple[Population, ...] = ()
    file: str = ""  # SHA-256
    strategy: str = ""
    wanted: Percent | None = None
    carrying: Percent | None = None
    unwanted: Percent | None = None
    living: Percent | None = None
    bounds: tuple[str, ...] = ()  # what is a bound and no share, with why
    why: str = ""  # it is not evaluable


@dataclass(frozen=True, slots=True)
class Phenotype:
    """Evaluate a sample of the batch's container by flow cytometry."""

    cytometer: FlowCytometer
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.EVALUATED})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="close"),)
    table: ClassVar = Table(
        State.DRAWN,
        (
            Row("acquire", State.DRAWN, State.ACQUIRED),
            Row("gate", State.ACQUIRED, State.GATED),
            Row("lack", State.ACQUIRED, State.NOT_EVALUABLE),
            Row("again", State.GATED, State.DRAWN),
            Row("evaluate", State.GATED, State.EVALUATED),
            Row("give_up", State.GATED, State.NOT_EVALUABLE),
        ),
    )

    async def drawn(self, visit: Visit[Results]) -> Move:
        """Draw a sample, stain it by the worksheet, and acquire its events."""
        given, source, before = self.given, self.product.one(), visit.got.samples
        unknown = [gate for gate in given.reported.gates if gate not in {one.name for one in given.strategy.every}]
        if unknown:
            raise InputError(f"reported is {unknown[0]!r}; strategy {given.strategy.name!r} has no such gate")
        lot = self.product.lot(given.kit).id
        await self.operator.scan(f"Scan the label of {given.kit}, lot {lot}", accept=(lot,), expects=Kind.LOT)
        name = f"{visit.batch}-{visit.step}-{len(before) + 1}F"
        lines = "".join(f"\n- {one.marker}: {one.dye}" for one in given.worksheet)
        await self.operator.confirm(
            f"Mix. Draw {given.sample:g} mL from {source.id} into {name}, stain it and acquire {given.events} events, "
            f"export the file, then confirm. Worksheet:{lines}",
            second=True,
            within=given.acquired_within,
        )
        amount = Amount(given.sample, given.sample * (float(given.sample_uncertainty) / 100))
        await self.product.draw(self.product.held(source.id), to=name, amount=amount, why="sample for cytometry")
        return Move("acquire", container=source.id, samples=(*before, name))

    async def acquired(self, visit: Visit[Results]) -> Move:
        """Find the one file of the sample and gate it; people look again, or say that there will be none."""
        sample = visit.got.samples[-1]
        while True:
            report = await self.cytometer.populations(sample=sample, strategy=self.given.strategy)
            found = _usable(report)
            if found is not None:
                return Move("gate", populations=found.populations, file=found.file_sha256, strategy=found.strategy)
            why = f"no result for {sample}: {_why(report)}"
            if await self.operator.choose(f"No result of the cytometer: {why}", AGAIN, ENOUGH) == ENOUGH:
                await self.product.deviation(why, rule=RULE)
                return Move("lack", why=why)

    async def gated(self, visit: Visit[Results]) -> Move:
        """Report shares or their bounds; too few events are acquired again, or are not evaluable."""
        got, reported = visit.got, self.given.reported
        found = {one.name: one for one in got.populations}
        lacking = [found[gate] for gate in reported.gates if reported_share(found[gate]) is None]
        if lacking:
            why = "; ".join(f"{one.name}: {one.why}" for one in lacking)
            await self.product.deviation(f"not evaluable: {why}", rule=RULE)
            if len(got.samples) < self.given.tubes_at_most:
                return Move("again")
            return Move("give_up", why=why)
        named = {"wanted": reported.wanted, "carrying": reported.carrying, "unwanted": reported.unwanted}
        named["living"] = reported.living
        shares = {name: reported_share(found[gate]) for name, gate in named.items() if gate}
        bounds = tuple(f"{one.name}: {one.why}" for one in map(found.__getitem__, reported.gates) if one.bound)
        return Move("evaluate", bounds=bounds, **shares)

    async def holding(self, _visit: Visit[Results]) -> None:
        """A stained sample does not wait for long; the product is closed meanwhile."""
        await self.operator.confirm(f"Held: close {self._names()} and keep it as its label says. A stained tube fades")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Close the product and keep it as its label says, under QA hold."""
        await self._put_aside("stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping; the cytometer holds samples only."""
        await self._put_aside("aborted")

    async def _put_aside(self, how: str) -> None:
        names = self._names()
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=f"phenotyping {how}")
        await self.operator.confirm(
            f"The phenotyping was {how}: close {names}, keep it as its label says, discard what was drawn, and ask QA"
        )

    def _names(self) -> str:
        return ", ".join(label.id for label in self.product.labels())


def reported_share(found: Population) -> Percent | None:
    """Give a share (%), or the bound that its events support; None when they support neither."""
    if found.share is not None:
        return found.share
    return {"<": found.high, ">": found.low}.get(found.bound)


def _usable(report: FlowReport) -> FlowResult | None:
    """Give the one result of a report; none of several, and none that can't be trusted."""
    one = report.results[0] if len(report.results) == 1 and not report.conflict else None
    return None if one is None or one.error else one


def _why(report: FlowReport) -> str:
    if report.conflict or report.unread:
        return report.conflict or "; ".join(report.unread)
    return report.results[0].error if report.results else "no file names it"
