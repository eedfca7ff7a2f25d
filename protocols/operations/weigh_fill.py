"""Filling one container by weight: identified on the pan, tared empty, filled until the balance shows what is wanted.

The tare is the container's own, empty and labelled, and it has to stand in the balance still when the fill is weighed:
a balance that lost its power has forgotten it.
Units:  g, mL; densities in g/mL.
Source: 21 CFR 211.101 (weighed on the record), 211.130 (label examined before use).
"""

import math
from dataclasses import dataclass

from automation.engine.labelling import Labels
from automation.engine.product import Amount, Product
from automation.engine.prompts import Operator
from automation.formulas.identifiers import Kind
from automation.kernel.errors import FailedError, RefusedError, UnknownError
from automation.kernel.quantity import Grams, GramsPerMillilitre, Millilitres, Percent
from instruments.interfaces.balance import Balance, Weight
from protocols.operations.filling import Filled, Named
from protocols.operations.weighing import weigh

TRIES = 3
AGAIN, GO_ON = "weigh it again", "it is the right one and empty: go on"
TARE_KEPT = Grams(0.05)  # by which a tare may differ from the one that was stored: the last digit


@dataclass(frozen=True, slots=True)
class Target:
    """What goes in, and what the empty container should weigh."""

    volume: Millilitres
    tolerance: Grams
    empty: Grams
    empty_tolerance: Grams


@dataclass(frozen=True, slots=True)
class ByWeight:
    """Fills containers on a balance, one after the other, from one source."""

    balance: Balance
    operator: Operator
    product: Product
    labels: Labels
    source: str
    density: GramsPerMillilitre
    density_uncertainty: Percent
    balance_uncertainty: Grams

    async def fill(self, one: Named, target: Target) -> Filled:
        """Identify, tare and fill one container; what was filled is on the record. Raises what the balance raises."""
        name = one.container
        scanned = await self.operator.scan(
            f"Put the new, empty {one.kind} {name} alone on the balance, and scan its label there",
            accept=(name,),
            expects=Kind.CONTAINER,
        )
        label = self.labels.label(one.label)
        await self.labels.verify(label, scanned=scanned)
        await self.labels.apply(label, container=name)
        dest = await self.product.take_in(self.product.handle(name, identified=scanned))
        empty = await self._empty(name, target)
        mass = await self._filled(name, target, empty)
        volume = Millilitres(float(mass) / float(self.density))
        standard = self._standard(volume)
        amount = Amount(volume, standard, mass, self.balance_uncertainty * 2**0.5)
        await self.product.transfer(
            source=self.product.held(self.source), dest=dest, amount=amount, why="filled by weight"
        )
        return Filled(name, volume, standard, mass, empty)

    async def _empty(self, name: str, target: Target) -> Grams:
        """Tare the empty container; one of another weight is looked at by a person."""
        tare = await self._tare(name)
        for _ in range(TRIES):
            if abs(tare - target.empty) <= target.empty_tolerance:
                return tare
            title = f"{name} weighs {tare:.2f} g empty; {target.empty:g} g within {target.empty_tolerance:g} g is right"
            await self.product.deviation(title, rule="empty container")
            choice = await self.operator.choose(
                f"{title}: look whether {name} is the right container, new and empty", AGAIN, GO_ON, second=True
            )
            if choice == GO_ON:
                return tare
            tare = await self._tare(name)
        return tare

    async def _tare(self, name: str) -> Grams:
        for _ in range(TRIES - 1):
            try:
                return (await self.balance.tare()).tare
            except (FailedError, RefusedError) as trouble:
                await self.product.deviation(f"{name} could not be tared: {trouble}", rule="weighing")
                await self.operator.confirm(f"{trouble}. Look at the balance with {name} on it, then confirm")
        return (await self.balance.tare()).tare

    async def _filled(self, name: str, target: Target, empty: Grams) -> Grams:
        """Let the container be filled until it weighs what is wanted; gives the net mass (g)."""
        wanted, mass = Grams(float(target.volume) * float(self.density)), Grams(0.0)
        for turn in range(TRIES):
            missing = wanted - mass
            volume = float(missing) / float(self.density)
            again = "more " if turn else ""
            await self.operator.confirm(
                f"Mix {self.source}. Fill {volume:.2f} mL {again}from it into {name}, until the balance shows "
                f"{wanted:.2f} g; close it, let go, then confirm"
            )
            mass = await self._net(name, empty)
            if wanted - mass <= target.tolerance:
                break
        if abs(mass - wanted) > target.tolerance:
            title = f"{name} holds {mass:.2f} g; {wanted:.2f} g within {target.tolerance:g} g were wanted"
            await self.product.deviation(title, rule="filling by weight")
        return mass

    async def _net(self, name: str, empty: Grams) -> Grams:
        """Weigh what was filled; after three attempts the whole container is weighed, on another balance if need be."""
        for turn in range(TRIES):
            try:
                seen = await self.balance.weigh()
            except (FailedError, UnknownError) as trouble:
                why = str(trouble)
            else:
                kept = seen.tare is None or abs(seen.tare - empty) <= TARE_KEPT
                if seen.state is Weight.STABLE and seen.net is not None and kept:
                    return seen.net
                why = f"the balance shows {seen.state}" if kept else "the balance has lost the tare of the container"
            await self.product.deviation(f"{name} could not be weighed: {why}", rule="weighing")
            if "lost the tare" in why:
                break
            if turn < TRIES - 1:
                await self.operator.confirm(f"{why}. Look at the balance with {name} on it, then confirm")
        whole = await weigh(self.balance, self.operator, self.product, label=self.product.label(name))
        return whole.gross - empty

    def _standard(self, volume: Millilitres) -> Millilitres:
        """Give the standard uncertainty of a weighed volume: tare, weight and density (mL)."""
        pan = math.sqrt(2.0) * float(self.balance_uncertainty) / float(self.density)
        return Millilitres(math.hypot(pan, float(volume) * float(self.density_uncertainty) / 100))
