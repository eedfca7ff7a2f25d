"""Setting a washer up: a kit that was never used, and the approved program, read back before anything is connected.

A kit or program that is not as it should be is a deviation; people put it right, and it is looked at again. After a few
times the wash is refused: nothing ran, and the cells are where they were.
Source: 21 CFR 211.68(b) (inputs are checked), 211.101(c) (component identified), 211.80 (lots).
"""

from dataclasses import dataclass

from automation.engine.product import Product
from automation.engine.prompts import Entry, Operator
from automation.formulas.identifiers import Kind
from automation.kernel.errors import FailedError, GateError, RefusedError
from instruments.interfaces.cell_washer import CellWasher, Kit, WasherStatus, WashProgram
from protocols.operations.washing import Approved

KIT, BUFFER, BAG = "washer kit", "wash buffer", "transfer bag"
TRIES = 3
NOT_USABLE = {Kit.NOT_LOADED: "the washer sees no kit", Kit.NOT_VALID: "not valid: wrong, damaged or used before"}


@dataclass(frozen=True, slots=True)
class Setup:
    """Sets one washer up for one wash."""

    washer: CellWasher
    operator: Operator
    product: Product

    async def kit(self, approved: Approved) -> str:
        """Let a kit of the lot be loaded and compare it with what the washer reads; empty when none was good."""
        lot = self.product.lot(KIT)
        await self.operator.scan(
            f"Take a new washer kit of lot {lot.id} and scan the lot label on it", accept=(lot.id,), expects=Kind.LOT
        )
        for turn in range(1, TRIES + 1):
            kit = f"the kit of lot {lot.id}" if turn == 1 else f"another new kit of lot {lot.id}"
            entered = await self.operator.enter(
                f"At the washer: select the protocol {approved.program.name!r}, load {kit}, close the door, and enter "
                "the number on the kit",
                Entry("kit", "Number on the kit"),
            )
            number = entered.word("kit")
            why = _wrong(number, await self._closed())
            if not why:
                return number
            await self.product.deviation(f"kit {number} is not used: {why}", rule=KIT)
            if turn < TRIES:
                await self.product.use(lot, quantity=1.0)
        return ""

    async def program(self, approved: Approved) -> bool:
        """Send the program and read it back; tells whether the washer holds the approved one and nothing else."""
        program = approved.program
        for turn in range(1, TRIES + 1):
            why = await self._sent(program)
            if not why:
                return True
            await self.product.deviation(f"program not as approved: {why}", rule="approved program")
            if turn < TRIES:
                await self.operator.confirm(
                    f"The washer does not hold the approved program: {why}. Nothing runs. Put it right: protocol "
                    f"{program.name!r}, checksum {program.checksum or 'none'}; then confirm",
                    second=True,
                )
        return False

    async def _closed(self) -> WasherStatus:
        """Look at the washer; a door that is still open is closed first, once."""
        status = await self.washer.look()
        if status.door_closed is False:
            await self.operator.confirm("Close the door of the washer, then confirm")
            status = await self.washer.look()
        return status

    async def _sent(self, program: WashProgram) -> str:
        """Send the program and say in what the washer's own is another; empty when it is the same."""
        try:
            await self.washer.prepare(program=program)
            return difference(await self.washer.prepared(program=program), program)
        except GateError:
            raise
        except (RefusedError, FailedError) as refusal:
            return str(refusal)


def difference(found: WashProgram, approved: WashProgram) -> str:
    """Say in what a program that was read back differs from the approved one: name, checksum, each value."""
    if found.name != approved.name:
        return f"the washer holds {found.name!r}, approved is {approved.name!r}"
    if found.checksum.lower() != approved.checksum.lower():
        return f"its checksum is {found.checksum or 'none'}, approved is {approved.checksum or 'none'}"
    values = {one.name: one.value for one in found.parameters}
    wrong = [f"{p.name} is {values.get(p.name, 'not set')}, approved is {p.value}" for p in approved.parameters]
    return "; ".join(one for one, p in zip(wrong, approved.parameters, strict=True) if values.get(p.name) != p.value)


def _wrong(number: str, status: WasherStatus) -> str:
    if status.door_closed is False:
        return "the door is open"
    if status.kit in NOT_USABLE:
        return NOT_USABLE[status.kit]
    return f"the washer reads {status.kit_id}" if status.kit_id and status.kit_id != number else ""
