"""The equipment of one batch: claimed for a step in one move, noted as used, cleaned by people, given free.

Source: 21 CFR 211.67 cleaning, 211.105 and 211.182 equipment identified with its batch.
"""

from dataclasses import dataclass

from automation.engine.alarms import Alarms
from automation.engine.gates import StepGates
from automation.engine.prompts import Desk, Question
from automation.engine.recipe.model import Step
from automation.engine.recorder import RUNNER
from automation.gmp.door import Command, Door
from automation.gmp.hazards import unsafe
from automation.gmp.openings import unsuited
from automation.gmp.plant.assets import Asset
from automation.gmp.product.batches import Batch, LotType
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Seconds

CLEAN_WITHIN = Seconds(7200.0)  # s; a freezer first goes to the end of its program


@dataclass(frozen=True, slots=True)
class Equipment:
    """The assets that a batch claims, uses and gives back."""

    door: Door
    desk: Desk
    batch: str

    def take(self, what: Step, assets: tuple[str, ...], gates: StepGates) -> bool:
        """Claim all assets of a step, or none when another holds one.

        Raises RefusedError when one is not ready, its people are not protected against the step's hazards, or no place
        is good enough for what the step opens.
        """
        step = what.id
        holders = [getattr(self.door.find("asset", asset), "claim", None) for asset in assets]
        if any(holder not in {None, (self.batch, step)} for holder in holders):
            return False
        fresh = [asset for asset, holder in zip(assets, holders, strict=True) if holder is None]
        dangers = unsafe(self.door, fresh, what.hazards, now=self.door.now)
        places = unsuited(self.door, assets, what.opens, strict=self._for_patients)
        if wrong := "; ".join((*dangers, *places)):
            raise RefusedError(wrong)
        for asset in fresh:
            missing = gates.lapsed(asset)
            if missing and asset not in gates.overrides:
                raise RefusedError("; ".join(missing))
        for asset in fresh:
            self.door.enter(Command(f"asset/{asset}", "claim", {"batch": self.batch, "step": step}, RUNNER))
        return True

    @property
    def _for_patients(self) -> bool:
        batch = self.door.find("batch", self.batch)
        return isinstance(batch, Batch) and batch.lot_type != LotType.ENGINEERING

    def held(self, step: str) -> tuple[Asset, ...]:
        """Give the assets that a step still claims."""
        return tuple(asset for asset in self._claimed() if asset.claim == (self.batch, step))

    def used(self, step: str) -> None:
        """Note that the assets of a step were used; what needs cleaning stays claimed until it is clean."""
        for asset in self.held(step):
            if asset.state == "qualified":
                body, once = {"batch": self.batch, "step": step}, f"use {asset.id} in {self.batch}/{step}"
                self.door.enter(Command(f"asset/{asset.id}", "use", body, RUNNER, id=once))
            if not asset.needs_cleaning:
                self._free(asset.id)

    async def clean(self) -> None:
        """Let people clean what this batch used, and give it free."""
        for asset in self._claimed():
            await self._clean(asset.id, name=f"{self.batch}.clean.{asset.id}", after=self.batch)

    async def clean_before(self, step: str, assets: tuple[str, ...], *, running: frozenset[str]) -> bool:
        """Let people clean what an earlier step of this batch used and a later one wants; tells whether there was any.

        ``running`` are the steps that go on: what they claim stays theirs.
        """
        wanted = [asset for asset in self._claimed() if asset.id in assets and asset.claim is not None]
        left = [asset for asset in wanted if asset.claim is not None and asset.claim[1] not in {*running, step}]
        for asset in left:
            await self._clean(
                asset.id, name=f"{self.batch}.clean.{asset.id}.{step}", after=f"{self.batch}, before its step {step}"
            )
        return bool(left)

    async def _clean(self, asset: str, *, name: str, after: str) -> None:
        alarms = Alarms(self.door, batch=self.batch, step="")
        question = Question("confirm", f"Clean {asset} and clear the line, then confirm", within=CLEAN_WITHIN)
        answer = await self.desk.ask(name, question, batch=self.batch, step="", alarms=alarms)
        body, once = {"procedure": f"cleaned after {after}"}, f"clean {asset} after {after}"
        self.door.enter(Command(f"asset/{asset}", "clean", body, answer.by, cause=answer.seq, id=once))
        self._free(asset)

    def _claimed(self) -> list[Asset]:
        every = (thing for thing in self.door.every("asset") if isinstance(thing, Asset))
        return [asset for asset in every if asset.claim is not None and asset.claim[0] == self.batch]

    def _free(self, name: str) -> None:
        """Give an asset free, unless a person took it away meanwhile."""
        if any(asset.id == name for asset in self._claimed()):
            reason = {"reason": f"{self.batch} has no more need of it"}
            self.door.enter(Command(f"asset/{name}", "free", reason, RUNNER))
