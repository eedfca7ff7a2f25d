"""The lots of a step: what expires first of what is released is set out, checked when the step begins, and used then.

Units:  the lot's own unit; the bill has to state the same.
Source: 21 CFR 211.101(c) only released components are used; 211.150 and F097 first expiry, first out; 211.137 expiry.
"""

from dataclasses import dataclass
from decimal import Decimal

from automation.engine.recipe.model import Material, Step
from automation.engine.recorder import RUNNER
from automation.gmp.door import Command, Door
from automation.gmp.marks import of_material
from automation.gmp.materials.lots import MaterialLot
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
        chosen = {material: self._usable(material) for material in self._of(step)}
        for material, lot in chosen.items():
            amount = material.quantity
            body = {"quantity": float(amount.value), "unit": amount.unit, "batch": self.batch, "step": step.id}
            once = f"use {material.name} for {self.batch}/{step.id}"
            self.door.enter(Command(f"lot/{lot.id}", "use", body, RUNNER, id=once))

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
        return sorted(found, key=lambda lot: (bool(self._wrong(lot, material)), lot.expiry, lot.id))

    def _wrong(self, lot: MaterialLot, material: Material) -> tuple[str, ...]:
        missing = lot.ready(self.door.now, zone=self.door.zone)
        if Decimal(str(lot.left)) < material.quantity.value:
            return (*missing, f"lot {lot.id} has {lot.left:.10g} {lot.unit} left; {material.quantity} are needed")
        return missing

    def _of(self, step: Step) -> list[Material]:
        """Give the bill of a step; every round of it takes what the bill says."""
        return [material for material in self.bill if material.step == step.named]
