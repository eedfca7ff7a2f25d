"""Unit operation: take the cells out of culture. Beads are held back by a magnet, the cells end in one bag, weighed.

Each pass over the magnet goes into a new bag; after it beads are counted in a sample, and more passes are made until
there are few enough, as often as the recipe plans: only beads that are left after the last of them are a deviation.
Units:  mL, g, s; beads per 3 million cells, as laboratories count them.
Source: residual beads per 3e6 cells (an academic release limit and its commercial likes are the user's parameter);
        21 CFR 211.110 (in-process control).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Amount, Product
from automation.engine.prompts import Entry, Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import Watch
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Grams, GramsPerMillilitre, Instant, Millilitres, Seconds
from instruments.interfaces.balance import Balance
from protocols.operations.adding import Weights
from protocols.operations.culturing import Contents, Handling, Held, Vessel, keep_safe

RULE = "harvest"


class State(StrEnum):
    """Where a harvest stands; HARVESTED and TOO_MANY_BEADS are final."""

    SET_OUT = "set out"
    POOLED = "pooled"
    PASSED = "passed"
    HARVESTED = "harvested"
    TOO_MANY_BEADS = "too many beads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beads:
    """How beads are taken out."""

    magnet: Seconds = field(metadata={"range": (10.0, 3600.0), "label": "Rest on the magnet"})
    at_most: float = field(metadata={"range": (0.0, 1e4), "label": "Beads left at most, per 3 million cells"})
    passes_at_most: int = field(metadata={"range": (1, 5), "label": "Passes at most"})
    sample: Millilitres = field(metadata={"range": (0.05, 50.0), "label": "Sample for counting beads"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    volume: Millilitres = field(metadata={"range": (0.0, 50_000.0), "label": "Volume of the culture"})
    density: GramsPerMillilitre = field(metadata={"range": (0.9, 1.2), "label": "Density of the culture"})
    bag: Vessel = field(metadata={"label": "Bag for the harvest"})
    beads: Beads | None = field(metadata={"label": "Taking out beads; null where there are none"})
    weights: Weights = field(metadata={"label": "Weighing"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    source: str = ""
    sources: tuple[str, ...] = ()  # vessels of a culture that was split
    volumes: tuple[Millilitres, ...] = ()  # in each of them
    container: str = ""
    mass_empty: Grams | None = None  # of the bag
    volume: Millilitres | None = None
    volume_uncertainty: Millilitres | None = None
    passes: int = 0
    beads: float | None = None  # per 3 million cells, after the last pass
    bead_counts: tuple[float, ...] = ()  # after each pass
    harvested_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Harvest:
    """Bring the culture of the batch into a bag, free of beads."""

    balance: Balance
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.HARVESTED})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="closed"),)
    table: ClassVar = Table(
        State.SET_OUT,
        (
            Row("identify", State.SET_OUT, State.POOLED),
            Row("collect", State.POOLED, State.PASSED),
            Row("again", State.PASSED, State.POOLED),
            Row("harvest", State.PASSED, State.HARVESTED),
            Row("give_up", State.PASSED, State.TOO_MANY_BEADS),
        ),
    )

    async def set_out(self, _visit: Visit[Results]) -> Move:
        """Take the culture out and identify it; every vessel of one that was split."""
        labels = [one for one in self.product.labels() if one.state == "in process"]
        if len(labels) <= 1:
            labels = [self.product.one()]
        for label in labels:
            await self.operator.scan(
                f"Take {label.id} out of the incubator and scan its label", accept=(label.code,), expects=label.expects
            )
        volumes = tuple(one.volume for one in labels) if len(labels) > 1 else (self.given.volume,)
        names = tuple(one.id for one in labels)
        volume = Millilitres(sum(map(float, volumes)))
        return Move("identify", source=names[0], sources=names, volumes=volumes, volume=volume)

    async def pooled(self, visit: Visit[Results]) -> Move:
        """Bring everything into a new bag, over the magnet where there are beads, and weigh it."""
        got, given, handling = visit.got, self.given, self._handling
        suffix = given.bag.suffix + (str(got.passes + 1) if got.passes else "")
        bag = await handling.new(
            visit.batch,
            Vessel(kind=given.bag.kind, suffix=suffix, material=given.bag.material),
            of=self.product.held(got.source),
        )
        amounts, gross = list[Amount](), bag.gross
        for name, known in zip(got.sources, got.volumes, strict=True):
            await self._on_magnet(name)
            contents = Contents(self.product.held(name), known, given.density)
            magnet = "harvest" if given.beads is None else "harvest over the magnet"
            poured, gross = await handling.pour(contents, Held(bag.container, gross), volume=known, why=magnet)
            amounts.append(poured)
        return Move(
            "collect",
            container=bag.container.id,
            mass_empty=bag.gross,
            volume=Millilitres(sum(float(one.volume) for one in amounts)),
            volume_uncertainty=Millilitres(sum(float(one.standard) for one in amounts)),  # one density: they add up
            passes=got.passes + 1,
            harvested_at=await self.watch.moment(),
        )

    async def _on_magnet(self, name: str) -> None:
        """Let a vessel rest on the magnet, where there are beads."""
        if self.given.beads is not None:
            await self.operator.confirm(
                f"Mix {name} and put it on the magnet, tubes closed. Confirm when it rests there"
            )
            await self.watch.pause(self.given.beads.magnet)

    async def passed(self, visit: Visit[Results]) -> Move:
        """Count the beads that are left, and decide by the recipe whether it is enough."""
        got, beads = visit.got, self.given.beads
        if beads is None:
            return Move("harvest")
        volume = got.volume or Millilitres(0.0)
        name = f"{visit.batch}-{visit.step}-{got.passes}M"
        await self.operator.confirm(f"Draw {beads.sample:g} mL from {got.container} into {name}, mixed, then confirm")
        amount = Amount(beads.sample, beads.sample * 0.01)
        await self.product.draw(self.product.held(got.container), to=name, amount=amount, why="residual beads")
        volume = volume - beads.sample
        seen = await self.operator.enter(
            f"Count the beads that are left in {name} under the microscope",
            Entry("beads", "Beads per 3 million cells", low=0.0, high=1e7, decimals=0),
            second=True,
        )
        left = seen.number("beads")
        counts = (*got.bead_counts, left)
        if left <= beads.at_most:
            return Move("harvest", beads=left, bead_counts=counts, volume=volume)
        if got.passes < beads.passes_at_most:  # a further pass is the recipe's plan; the count stands in the record
            bag = got.container
            again = {"source": bag, "sources": (bag,), "volumes": (volume,)}
            return Move("again", beads=left, bead_counts=counts, volume=volume, **again)
        title = f"{left:g} beads per 3 million cells after pass {got.passes}, at most {beads.at_most:g} are allowed"
        await self.product.deviation(title, rule="residual beads")
        await self.product.qa_hold(self.product.held(got.container), reason=title)
        return Move("give_up", beads=left, bead_counts=counts, volume=volume)

    async def holding(self, _visit: Visit[Results]) -> None:
        """Cells out of culture wait closed; their time limits run on."""
        await self.operator.confirm("Held: keep all bags closed, mix them now and then. Time limits run on")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Keep what there is closed, under QA hold."""
        await keep_safe(self.product, self.operator, why="harvest stopped", how="keep all bags closed and mixed")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await keep_safe(self.product, self.operator, why="harvest aborted", how="keep all bags closed and mixed")

    @property
    def _handling(self) -> Handling:
        return Handling(self.balance, self.operator, self.product, self.given.weights, RULE)
