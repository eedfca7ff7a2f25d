"""What the operations on a culture share: a new vessel, cells poured into it by weight, and making it safe.

Units:  g, mL.
Source: 21 CFR 211.101(c) (weighed, identified), 211.84 (containers examined before use).
"""

from dataclasses import dataclass, field

from automation.engine.handles import Container
from automation.engine.product import Amount, Labelled, Product
from automation.engine.prompts import Operator
from automation.gmp.product.containers import Purpose
from automation.kernel.quantity import Grams, GramsPerMillilitre, Millilitres, Percent
from instruments.interfaces.balance import Balance
from protocols.operations.adding import Adding, Weights
from protocols.operations.weighing import weigh


@dataclass(frozen=True, slots=True, kw_only=True)
class Vessel:
    """A new container for cells, as the recipe declares it."""

    kind: str = field(metadata={"label": "Kind of container"})
    suffix: str = field(metadata={"label": "What its name ends with: the batch, a hyphen, this"})
    material: str = field(metadata={"label": "Its name in the bill of materials"})


def in_round(suffix: str, step: str) -> str:
    """Give what a container's name ends with in a round of a step: in the second round (``wash-2``) with 2."""
    number = step.rpartition("-")[2]
    return f"{suffix}{number}" if number.isdigit() and "-" in step else suffix


@dataclass(frozen=True, slots=True)
class Held:
    """A container on the balance: its handle, and what stood there (g)."""

    container: Container
    gross: Grams


@dataclass(frozen=True, slots=True)
class Contents:
    """What a container is known to hold, as an earlier state of the step found it."""

    container: Container
    known: Millilitres
    density: GramsPerMillilitre


@dataclass(frozen=True, slots=True)
class Handling:
    """Containers of cells on the balance."""

    balance: Balance
    operator: Operator
    product: Product
    weights: Weights
    rule: str

    @property
    def adding(self) -> Adding:
        """Give what adds liquids here."""
        return Adding(self.balance, self.operator, self.product, self.weights, self.rule)

    async def weighed(self, label: Labelled, *, before: str = "Mix. ") -> Held:
        """Weigh a container of cells, identified on the pan."""
        seen = await weigh(self.balance, self.operator, self.product, label=label, before=before)
        return Held(self.product.handle(label.id, identified=seen.identified), seen.gross)

    async def new(self, batch: str, vessel: Vessel, *, of: Container) -> Held:
        """Make a new vessel known, identify it by its label and its lot, and weigh it empty."""
        label = await self.product.expect(
            f"{batch}-{vessel.suffix}", of=of, kind=vessel.kind, purpose=Purpose.INTERMEDIATE
        )
        lot = self.product.lot(vessel.material).id
        take = f"Take a new {vessel.kind} of lot {lot}, put the label {label.id} on it. "
        empty = await weigh(self.balance, self.operator, self.product, label=label, before=take)
        return Held(await self.product.take_in(self.product.handle(label.id, identified=empty.identified)), empty.gross)

    async def pour(self, source: Contents, dest: Held, *, volume: Millilitres, why: str) -> tuple[Amount, Grams]:
        """Let a volume (mL) be poured and note it by weight; gives it, and what stands on the pan then (g).

        A volume of all that is known to be there empties the source; what stays is what the record knows still.
        """
        everything = volume >= source.known
        much = "all" if everything else f"{float(volume):.1f} mL"
        name = dest.container.id
        text = f"Mix {source.container.id}. Transfer {much} of it into {name} by a sterile connection. "
        seen = await weigh(self.balance, self.operator, self.product, label=self.product.label(name), before=text)
        amount = self.weights.amount(max(Grams(0.0), seen.gross - dest.gross), source.density)
        if amount.volume > source.known:  # the record never takes out more than it knows to be in
            amount = Amount(source.known, amount.standard, amount.mass, amount.mass_standard)
        await self.product.transfer(source=source.container, dest=dest.container, amount=amount, why=why)
        if everything:
            await self.product.empty(source.container, left=source.known - amount.volume, standard=amount.standard)
        return amount, seen.gross

    async def note(self, held: Held, amount: Amount, *, known: Millilitres, differ_at_most: Percent) -> None:
        """Note what a container holds by weight; what is not the record's volume is a deviation."""
        if abs(float(amount.volume - known)) > float(known) * float(differ_at_most) / 100:
            title = f"{held.container.id} holds {amount.volume:.1f} mL by weight, {known:.1f} mL by the record"
            await self.product.deviation(title, rule="volume by weight")
        await self.product.weighed(held.container, amount=amount)


async def keep_safe(product: Product, operator: Operator, *, why: str, how: str) -> None:
    """Put all product under QA hold and let people bring it to where it waits best (``how``)."""
    held = product.transferred()
    for container in held:
        await product.qa_hold(container, reason=why)
    names = ", ".join(container.id for container in held) or "the product"
    await operator.confirm(f"The end: {why}. Close {names}, {how}, and ask QA")
