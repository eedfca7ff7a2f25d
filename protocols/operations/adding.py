"""Adding a liquid to a container on the balance: what went in is what the container weighs more, of an identified lot.

What is missing after the first addition is added, a few times; what is off by more than the tolerance is a deviation.
Units:  g, mL; densities in g/mL.
Source: 21 CFR 211.101(c) (components weighed, lots identified).
"""

from dataclasses import dataclass, field

from automation.engine.handles import Container
from automation.engine.product import Amount, Product
from automation.engine.prompts import Operator
from automation.formulas.identifiers import Kind
from automation.kernel.errors import FailedError
from automation.kernel.quantity import Grams, GramsPerMillilitre, Millilitres, Percent
from instruments.interfaces.balance import Balance
from protocols.operations.weighing import weigh

TRIES = 3  # additions of what is still missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How well a weighing is known, and when an addition is right; set by the approved recipe."""

    balance_uncertainty: Grams = field(metadata={"range": (0.001, 10.0), "label": "Uncertainty of one weighing"})
    density_uncertainty: Percent = field(metadata={"range": (0.0, 5.0), "label": "Uncertainty of the densities"})
    tolerance: Grams = field(metadata={"range": (0.01, 50.0), "label": "An addition is right within"})

    def amount(self, mass: Grams, density: GramsPerMillilitre) -> Amount:
        """Give what lies between two weighings of one container (g, mL), with its standard uncertainties."""
        volume = Millilitres(float(mass) / float(density))
        pan = float(self.balance_uncertainty) * 2**0.5
        standard = (float(volume) * float(self.density_uncertainty) / 100) ** 2 + (pan / float(density)) ** 2
        return Amount(volume, Millilitres(standard**0.5), mass, Grams(pan))


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquid:
    """A liquid of the bill of materials, as the recipe declares it."""

    material: str = field(metadata={"label": "Its name in the bill of materials"})
    density: GramsPerMillilitre = field(metadata={"range": (0.7, 1.5), "label": "Its density"})


@dataclass(frozen=True, slots=True)
class Adding:
    """Adds liquids, by weight or by volume."""

    balance: Balance
    operator: Operator
    product: Product
    weights: Weights
    rule: str  # what deviations speak for

    async def identify(self, *materials: str) -> None:
        """Scan the label of the lot of each material that this step uses."""
        for material in materials:
            lot = self.product.lot(material).id
            await self.operator.scan(f"Scan the label of {material}, lot {lot}", accept=(lot,), expects=Kind.LOT)

    async def by_weight(self, container: Container, liquid: Liquid, volume: Millilitres, *, before: Grams) -> Grams:
        """Let a volume (mL) be added until the balance shows it, and note it; gives what stands on the pan then (g).

        ``before`` is what stood there before. Raises FailedError when the container weighs less than that.
        """
        label, after = self.product.label(container.id), before
        wanted, lot = Grams(float(volume) * float(liquid.density)), self.product.lot(liquid.material)
        for turn in range(TRIES):
            missing = float(wanted - (after - before)) / float(liquid.density)
            more = " and mix: so much is missing" if turn else " and mix"
            text = f"Add {missing:.2f} mL of {liquid.material}, lot {lot.id}, to {container.id}{more}. "
            after = (await weigh(self.balance, self.operator, self.product, label=label, before=text)).gross
            if wanted - (after - before) <= self.weights.tolerance:
                break
        added = after - before
        if added < Grams(0.0):
            raise FailedError(f"{container.id} weighs {after:.2f} g after the addition and {before:.2f} g before it")
        if abs(added - wanted) > self.weights.tolerance:
            title = f"{added:.2f} g of {liquid.material} went into {container.id}; {wanted:.2f} g were wanted"
            await self.product.deviation(title, rule=self.rule)
        amount = self.weights.amount(added, liquid.density)
        await self.product.add(container, lot=lot, amount=amount, what=liquid.material)
        return after

    async def by_volume(self, container: Container, material: str, volume: Millilitres, *, error: Percent) -> None:
        """Let a small volume (mL) be added with a pipette, seen by two people, and note it with its error (%)."""
        lot = self.product.lot(material)
        await self.operator.confirm(
            f"Add {float(volume):.3f} mL of {material}, lot {lot.id}, to {container.id} and mix, then confirm",
            second=True,
        )
        standard = Millilitres(float(volume) * float(error) / 100)
        await self.product.add(container, lot=lot, amount=Amount(volume, standard), what=material)
