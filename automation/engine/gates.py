"""The gates: what has to be true before an act begins, asked by the binding at every effect.

Only the ready, and never at the product's cost: an act does not *begin* on an asset that is not qualified, in
calibration, clean and claimed, with a lot that is not released and in date, on a container of another identity.
Source: 21 CFR 211.68(a) calibration, 211.105 equipment, 211.101(c) released status; design guarantees 5 and 6.
"""

from dataclasses import dataclass, field

from automation.engine.handles import Container, Lot
from automation.gmp.door import Door
from automation.gmp.materials.lots import MaterialLot
from automation.gmp.plant.assets import Asset
from automation.gmp.product.containers import Container as Thing
from automation.kernel.effect import Effect, Kind
from automation.kernel.errors import GateError, IdentityError


@dataclass(slots=True)
class StepGates:
    """The gates of one step; ``overrides`` are assets that two people let go on for this step."""

    door: Door
    batch: str
    step: str
    identity: str  # chain of identity of the batch
    overrides: set[str] = field(default_factory=set)

    def check(self, asset: str, effect: Effect, touched: tuple[Container | Lot, ...]) -> None:
        """Raise IdentityError or GateError when the act may not begin; looking is always allowed."""
        for handle in touched:
            if isinstance(handle, Container):
                self._container(handle)
            else:
                self._lot(handle)
        if effect.kind is not Kind.QUERY:
            self._asset(asset)

    def lapsed(self, asset: str) -> tuple[str, ...]:
        """Say what of an asset's readiness is gone; empty while it is ready."""
        return self._thing(asset).ready(self.door.now)

    def _asset(self, name: str) -> None:
        asset = self._thing(name)
        if asset.claim is None or tuple(asset.claim) != (self.batch, self.step):
            holder = "nobody" if asset.claim is None else "/".join(asset.claim)
            msg = f"asset {name} is claimed by {holder}, not by {self.batch}/{self.step}"
            raise GateError(msg)
        if name in self.overrides:
            return
        missing = asset.ready(self.door.now)
        if missing:
            msg = f"asset {name} is not ready: {'; '.join(missing)}"
            raise GateError(msg)

    def _container(self, handle: Container) -> None:
        thing = self.door.find("container", handle.id)
        if not isinstance(thing, Thing) or thing.state == "absent":
            msg = f"container {handle.id} is not known at this site"
            raise IdentityError(msg)
        if thing.identity != self.identity:
            msg = f"container {handle.id} belongs to another chain of identity than batch {self.batch}"
            raise IdentityError(msg)
        if thing.state != "in process":
            msg = f"container {handle.id} is {thing.state}, not in process"
            raise GateError(msg)

    def _lot(self, handle: Lot) -> None:
        thing = self.door.find("lot", handle.id)
        if not isinstance(thing, MaterialLot):
            raise TypeError(thing)
        missing = thing.ready(self.door.now, zone=self.door.zone)
        if missing:
            raise GateError("; ".join(missing))

    def _thing(self, name: str) -> Asset:
        thing = self.door.find("asset", name)
        if not isinstance(thing, Asset):
            raise TypeError(thing)
        return thing
