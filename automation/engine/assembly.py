"""Puts a step together: its assets, parameters and tools, and the operation that uses them."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from automation.engine.alarms import Alarms
from automation.engine.binding import Binding
from automation.engine.gates import StepGates
from automation.engine.house import House
from automation.engine.labelling import Labels
from automation.engine.operation import Operation, check_operation
from automation.engine.overtaking import clear_way
from automation.engine.product import Product
from automation.engine.prompts import Operator
from automation.engine.recipe.bind import Recorded, bind
from automation.engine.recipe.model import Literal, Recipe, Reference, Step
from automation.engine.recipe.spec import unit_of
from automation.engine.recorder import Recorder
from automation.engine.runner import StepRunner, Tools
from automation.engine.supplies import Supplies
from automation.engine.trends import Trends
from automation.engine.troubles import StepTroubles
from automation.engine.watch import Watch
from automation.gmp.plant.assets import Asset
from automation.gmp.product.batches import Batch
from automation.kernel import ids
from automation.kernel.errors import CellwrightError, RefusedError
from automation.kernel.quantity import UNITS, Instant


class Parameter(msgspec.Struct, frozen=True, omit_defaults=True):
    """One parameter as the step got it."""

    value: object
    text: str  # as the recipe says it
    unit: str = ""
    source: int = 0  # the event that gave it, when an earlier step did


class BoundTo(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a step works with; written once, before its first state."""

    operation: str
    assets: dict[str, str]
    parameters: dict[str, Parameter]
    materials: dict[str, str]
    results: dict[str, str] = {}  # unit of each result; ``instant`` for a moment (s, UTC)


@dataclass(frozen=True, slots=True)
class Assembled:
    """A step that is ready to run."""

    runner: StepRunner
    gates: StepGates
    assets: tuple[str, ...]


class Assembly:
    """Puts the steps of one batch together."""

    def __init__(self, house: House, recipe: Recipe, batch: Batch) -> None:
        """Work for a batch that was issued."""
        self._house = house
        self._recipe = recipe
        self._batch = batch
        self.supplies = Supplies(house.door, recipe.materials, batch.id)

    def assets(self, step: Step) -> dict[str, str]:
        """Choose an asset for every field of equipment; the recorded choice when there is one."""
        recorded = self._recorded(step)
        if recorded is not None:
            return recorded.assets
        taken: list[str] = []
        for role in step.equipment.values():
            taken.append(self._choose(role, step, taken))
        return dict(zip(step.equipment, taken, strict=True))

    def put_together(
        self, step: Step, results: Mapping[str, Recorded], containers: frozenset[str] | None = None
    ) -> Assembled:
        """Make the step's runner, for all containers or some; writes what it is bound to when it is new."""
        spec = self._house.operations[step.operation]
        check_operation(spec.operation)
        recorder = Recorder(
            self._house.ledger, self._house.clock, f"batch/{self._batch.id}/step/{step.id}", self._house.careful
        )
        assets = self.assets(step)
        bound = bind(spec, step, self._as_bound(step, results))
        if self._recorded(step) is None:
            sources = {resolved.parameter: resolved.seq for resolved in bound.resolved}
            recorder.write("bound", self._bound_to(step, assets, bound.given, sources))
        alarms = Alarms(self._house.door, batch=self._batch.id, step=step.id)
        operator = Operator(recorder, self._house.desk, alarms, operation=step.operation)
        trends = Trends(recorder, self._house.blobs, self._house.recent)
        gates = StepGates(self._house.door, self._batch.id, step.id, self._batch.identity)
        watch = Watch(recorder, trends, StepTroubles(recorder, gates, alarms, tuple(assets.values())))
        product = Product(recorder, self._house.door, alarms, only=containers, number=step.round)
        binding = Binding(recorder, gates, intake=self._house.intake)
        labels = Labels(recorder, self._house.door, alarms, self._house.blobs)
        parts: dict[object, object] = {
            Watch: watch,
            Operator: operator,
            Product: product,
            Labels: labels,
            Trends: trends,
        }
        given: dict[str, object] = {"given": bound.given} if spec.given is not None else {}
        for name, asset in assets.items():
            device = self._house.devices[asset]
            given[name] = binding.bind(asset, device.driver, device.interface)
        for name, kind in spec.services.items():
            if kind not in parts:
                msg = f"{spec.name}.{name} asks for {kind}, which the engine does not give"
                raise CellwrightError(msg)
            given[name] = parts[kind]
        operation: Operation = spec.operation(**given)
        drivers = [self._house.devices[asset].driver for asset in assets.values()]
        tools = Tools(recorder, trends, alarms, operator, clear_way=lambda: clear_way(drivers))
        runner = StepRunner(self._batch.id, step.id, operation=operation, tools=tools)
        return Assembled(runner, gates, tuple(dict.fromkeys(assets.values())))

    def _as_bound(self, step: Step, results: Mapping[str, Recorded]) -> Mapping[str, Recorded]:
        """Give the results with those that the step was bound to, which a correction since does not change."""
        recorded = self._recorded(step)
        if recorded is None:
            return results
        took = {name: one for name, one in step.given.items() if isinstance(one, Reference)}
        bound = {one.text: recorded.parameters[name] for name, one in took.items() if name in recorded.parameters}
        return {**results, **{text: Recorded(one.value, one.source) for text, one in bound.items()}}

    def _choose(self, role: str, step: Step, taken: list[str]) -> str:
        capability = self._recipe.equipment[role]
        fitting = [d.asset for d in self._house.devices.values() if d.capability == capability and d.asset not in taken]
        if not fitting:
            msg = f"step {step.id} needs a {capability} ({role}), and this site has none free"
            raise RefusedError(msg)
        return min(fitting, key=lambda name: self._rank(name, step))

    def _rank(self, name: str, step: Step) -> tuple[bool, float, str]:
        """Rank an asset: those that are ready first, of them those that are free, then by name.

        Steps that have to wait spread over what is claimed, each always to the same.
        """
        asset = self._asset(name)
        taken = asset.claim is not None and asset.claim[0] != self._batch.id
        place = 1.0 + ids.uniform(0, "asset", self._batch.id, step.id, name) if taken else 0.0
        return bool(asset.ready(self._house.door.now)), place, name

    def _asset(self, name: str) -> Asset:
        thing = self._house.door.find("asset", name)
        if not isinstance(thing, Asset):
            raise TypeError(thing)
        return thing

    def _recorded(self, step: Step) -> BoundTo | None:
        stream = self._house.ledger.stream(f"batch/{self._batch.id}/step/{step.id}")
        return next((event.read(BoundTo) for event in stream if event.kind == "bound"), None)

    def _bound_to(self, step: Step, assets: dict[str, str], given: object, sources: Mapping[str, int]) -> BoundTo:
        spec = self._house.operations[step.operation]
        parameters = {
            name: Parameter(
                getattr(given, name),
                one.text,
                UNITS.get(spec.parameters[name].type, "")
                if not isinstance(one, Literal)
                else spec.parameters[name].unit,
                sources.get(name, 0),
            )
            for name, one in step.given.items()
        }
        units = {name: "instant" if kind is Instant else unit_of(kind) for name, kind in spec.results.items()}
        stated = {name: unit for name, unit in units.items() if unit}
        return BoundTo(step.operation, assets, parameters, self.supplies.set_out(step), stated)
