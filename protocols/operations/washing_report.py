"""The washer's own report of a wash: imported, hashed, compared with what was watched; people decide without it.

Units:  mL, %.
Source: 21 CFR 211.188(b), 211.194 (complete records); Annex 11 (printouts and files of the run).
"""

from dataclasses import dataclass

from automation.engine.product import Product
from automation.engine.prompts import Entry, Operator
from automation.engine.watch import Watch
from automation.kernel.errors import FailedError, UnknownError
from automation.kernel.quantity import Millilitres, Seconds
from instruments.interfaces.cell_washer import CellWasher, ProcessValues, RunHistory
from protocols.operations.washing import Approved, Parameters, Results
from protocols.operations.washing_accounts import Counted

TRIES = 3
WRITES = Seconds(30.0)  # s in which a washer writes its file
LOOK_AGAIN = "look again for the run history"
WITHOUT = "go on without it: what was watched stands"
REFUSE = "refuse the wash: its run history is missing"
MOST = 20_000.0  # mL, that may be entered
SLACK, SIGMAS = 1.0, 3.0  # mL, and standard uncertainties, by which two readings of one volume may differ


@dataclass(frozen=True, slots=True)
class Report:
    """Imports and compares the report of one wash."""

    washer: CellWasher
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    async def history(self, kit: str) -> tuple[RunHistory | None, str]:
        """Give the run history, or None with what people decided when there was none."""
        for turn in range(1, TRIES + 1):
            found = await self._file()
            if found is None and turn == 1:
                await self.watch.pause(WRITES)
                found = await self._file()
            if found is not None:
                return found, ""
            await self.product.deviation(f"no run history of kit {kit} was found", rule="run history")
            again = (LOOK_AGAIN,) if turn < TRIES else ()
            choice = await self.operator.choose(
                f"The washer's run history of kit {kit} is missing", *again, WITHOUT, REFUSE
            )
            if choice != LOOK_AGAIN:
                return None, choice
        return None, REFUSE

    def disagreements(
        self, history: RunHistory, flows: ProcessValues, *, got: Results, approved: Approved
    ) -> tuple[str, ...]:
        """Say in what the report tells another story than the watch; what it does not tell can't disagree."""
        found: list[str] = []
        if history.protocol and history.protocol != approved.program.name:
            found.append(f"the run history is of protocol {history.protocol!r}, approved is {approved.program.name!r}")
        if history.kit_id and history.kit_id != got.kit:
            found.append(f"the run history is of kit {history.kit_id}, loaded was {got.kit}")
        for name in ("processed", "washed", "collected", "wasted"):
            seen, told = getattr(flows, name), getattr(history.volumes, name)
            if seen is not None and told is not None and not self._same(float(seen), float(told)):
                found.append(f"the run history has {told:.1f} mL {name}, watched were {seen:.1f} mL")
        return tuple(found)

    async def counted(self, flows: ProcessValues, history: RunHistory | None) -> Counted:
        """Give the volumes of buffer and waste: as the washer tells, as its report tells, or as two people enter."""
        for volumes, source in ((flows, "washer"), (history.volumes if history else ProcessValues(), "run history")):
            if volumes.washed is not None and volumes.wasted is not None:
                return Counted(volumes.washed, volumes.wasted, source)
        entered = await self.operator.enter(
            "Enter the volumes of this wash from the sheet of the washer",
            Entry("washed", "Wash buffer used", unit="mL", low=0.0, high=MOST, decimals=1),
            Entry("wasted", "Waste", unit="mL", low=0.0, high=MOST, decimals=1),
            second=True,
        )
        by = f"entered by {entered.by}, verified by {entered.verified_by}"
        return Counted(Millilitres(entered.number("washed")), Millilitres(entered.number("wasted")), by)

    async def _file(self) -> RunHistory | None:
        try:
            return await self.washer.history()
        except (UnknownError, FailedError):
            return None

    def _same(self, seen: float, told: float) -> bool:
        return abs(seen - told) <= SLACK + SIGMAS * float(self.given.flow_uncertainty) / 100.0 * max(seen, told)
