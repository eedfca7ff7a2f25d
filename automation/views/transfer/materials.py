"""Gaps of materials: another supplier, and a definition that one site holds its lots to and the other does not.

That a lot is missing, not released or too little is what the gates say.
"""

from collections.abc import Iterator
from typing import cast

from automation.gmp.marks import of_material
from automation.gmp.materials.definitions import Definition, Material
from automation.gmp.materials.lots import MaterialLot
from automation.views.transfer.units import Gap, Pair, Severity, Topic, Unit, listed


def gaps(pair: Pair) -> Iterator[Gap]:
    """Give what differs between the materials of the bill."""
    for name in dict.fromkeys(one.name for one in pair.recipe.materials):
        there, here = (_suppliers(unit, name) for unit in (pair.sending, pair.receiving))
        if there and here and not here & there:
            yield Gap(
                topic=Topic.MATERIALS,
                severity=Severity.CHANGES,
                about=f"{name}, supplier",
                sentence=f"{name} is of {listed(sorted(here))} at {pair.receiving.name}, of {listed(sorted(there))} at"
                f" {pair.sending.name}",
                remedy="show that both are the same to the process, or buy from the supplier of the sending site",
            )
        yield from _definitions(pair, name)
        yield from _unapproved(pair, sorted(here), name)


def _suppliers(unit: Unit, name: str) -> set[str]:
    lots = (one for one in unit.objects.marked("lot", of_material(name)) if isinstance(one, MaterialLot))
    return {lot.maker or lot.supplier for lot in lots if lot.supplier}


def _definitions(pair: Pair, name: str) -> Iterator[Gap]:
    there, here = (_definition(unit, name) for unit in (pair.sending, pair.receiving))
    if there is None or there == here:
        return
    if here is None:
        said = f"lots of {name} are held to a definition at {pair.sending.name}, to none at {pair.receiving.name}"
        remedy = "write and approve the definition there: storage, certificate, tests, in-use life"
    else:
        names = [key for key in Definition.model_fields if getattr(there, key) != getattr(here, key)]
        said = f"the definition of {name} differs in {', '.join(one.replace('_', ' ') for one in names)}"
        remedy = "bring the definition into line, or say why the difference does not matter"
    yield Gap(
        topic=Topic.MATERIALS,
        severity=Severity.CHANGES,
        about=f"{name}, definition",
        sentence=said,
        remedy=remedy,
    )


def _definition(unit: Unit, name: str) -> Definition | None:
    return cast("Material", unit.objects.find("material", name)).definition


def _unapproved(pair: Pair, suppliers: list[str], name: str) -> Iterator[Gap]:
    """Give the suppliers that the sending site has approved and the receiving one has not."""
    for one in suppliers:
        there, here = (unit.objects.find("supplier", one).state for unit in (pair.sending, pair.receiving))
        if there == "approved" != here:
            yield Gap(
                topic=Topic.MATERIALS,
                severity=Severity.CHANGES,
                about=f"supplier {one}",
                sentence=f"{one}, who supplies {name}, is approved at {pair.sending.name} and {here} at"
                f" {pair.receiving.name}",
                remedy="qualify the supplier there",
            )
