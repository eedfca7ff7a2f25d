"""The lots of a step: what expires first of what is released is set out, checked when the step begins, and used then.

What is kept for the batch goes before; what is kept for others is not taken. A material that is used by container comes
out of those that are open for the patient, else new ones are opened.
Units:  the lot's own unit; the bill has to state the same.
Source: 21 CFR 211.101(c) only released components are used; 211.150 and F097 first expiry, first out; 211.137 expiry.
"""

from dataclasses import dataclass

from automation.engine.recipe.model import Material, Step
from automation.engine.recorder import RUNNER
from automation.gmp.door import Command, Door
from automation.gmp.marks import of_material
from automation.gmp.materials.lots import MaterialLot
from automation.gmp.objects import Recorded
from automation.gmp.stock.amounts import rounded
from automation.gmp.stock.picking import enough, portions, turn
from automation.gmp.stock.stated import Use
from automation.kernel.errors import GateError


@dataclass(frozen=True, slots=True)
class Supplies:
    """The materials of one batch by its bill."""

    door: Door
    bill: tuple[Material, ...]
    batch: str

    def set_out(self, step: Step) -> dict[str, str]:
        """Name for every material of a step the lot that would be used now; a material without one is left out."""
        lots = {material.name: self._lots(material) for material in self._of(step)}
        return {name: found[0].id for name, found in lots.items() if found}

    def take(self, step: Step) -> None:
        """Use what the bill says, once; raises GateError when a material has no lot that may be used."""
        missing = {material: left for material in self._of(step) if (left := self._missing(material, step))[1] > 0}
        chosen = {material: self._usable(material) for material in missing}
        for material, lot in chosen.items():
            self._take(lot, material, step, missing[material])

    def _missing(self, material: Material, step: Step) -> tuple[int, float]:
        """Give the number of the next portion, and how much is still to be used; a restart uses nothing again."""
        number, quantity = 1, float(material.quantity.value)
        while (done := self.door.earlier(self._named(material, step, number))) is not None:
            quantity = rounded(quantity - Use.model_validate_json(bytes(done.read(Recorded).given)).quantity)
            number += 1
        return number, quantity

    def _take(self, lot: MaterialLot, material: Material, step: Step, missing: tuple[int, float]) -> None:
        """Use a quantity of a lot, container by container where it is used so."""
        first, quantity = missing
        stream, body = f"lot/{lot.id}", {"unit": material.quantity.unit, "batch": self.batch, "step": step.id}
        found = tuple(portions(lot, quantity, batch=self.batch, site=self.door))
        for number, portion in enumerate(found, start=first):
            once = self._named(material, step, number)
            if portion.opens:
                opening = {"container": portion.container, "quantity": portion.opens, "batch": self.batch}
                self.door.enter(Command(stream, "open", opening, RUNNER, id=f"open to {once}"))
            more = {"quantity": portion.quantity, **({"container": portion.container} if portion.container else {})}
            self.door.enter(Command(stream, "use", {**more, **body}, RUNNER, id=once))

    def _named(self, material: Material, step: Step, number: int) -> str:
        """Give the id of the command for a portion; a step that takes one needs no number."""
        once = f"use {material.name} for {self.batch}/{step.id}"
        return once if number == 1 else f"{once}, {number}"

    def _usable(self, material: Material) -> MaterialLot:
        lots = self._lots(material)
        if not lots:
            msg = f"no lot of {material.name} is set out at this site"
            raise GateError(msg)
        wrong = self._wrong(lots[0], material)
        if wrong:
            raise GateError("; ".join(wrong))
        return lots[0]

    def _lots(self, material: Material) -> list[MaterialLot]:
        """Give all lots of a material: those that may be used first, of them the one that expires first."""
        every = self.door.marked("lot", of_material(material.name))
        found = [lot for lot in every if isinstance(lot, MaterialLot)]
        zone = self.door.zone
        return sorted(
            found, key=lambda lot: (bool(self._wrong(lot, material)), *turn(lot, batch=self.batch, zone=zone))
        )

    def _wrong(self, lot: MaterialLot, material: Material) -> tuple[str, ...]:
        missing = lot.ready(self.door.now, zone=self.door.zone)
        if not enough(lot, float(material.quantity.value), batch=self.batch, site=self.door):
            kept = ", the rest is kept for other batches" if lot.reserved else ""
            free = f"lot {lot.id} has {lot.available(self.batch):.10g} {lot.unit} left{kept}"
            return (*missing, f"{free}; {material.quantity} are needed")
        return missing

    def _of(self, step: Step) -> list[Material]:
        """Give the bill of a step; every round of it takes what the bill says."""
        return [material for material in self.bill if material.step == step.named]
