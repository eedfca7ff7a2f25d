"""Whether what a batch will print fits the labels in the printer, asked before it begins and when it is issued.

A text that is too long is found before there is any product that can't wait. An operation that prints says which
texts, as long as they can get; a driver that draws labels itself says what it could not draw. Nothing is sent.
Source: 21 CFR 211.122, 211.130 (labels are examined for suitability before use).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from automation.engine.house import House
from automation.engine.printable import Draws, Of, Prints, Text
from automation.engine.recipe.model import Literal, Recipe, Step
from automation.engine.recipe.spec import OperationSpec
from automation.gmp.product.labels import RECORD_COPY, SIMULATED
from automation.kernel.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Printer:
    """A printer of a site that can say what fits: its asset, what kind of equipment it is, its driver."""

    asset: str
    capability: str
    driver: Draws


@dataclass(frozen=True, slots=True)
class Shop:
    """Where labels are printed: by which operations, on which printers, simulated or not."""

    operations: Mapping[str, OperationSpec]
    printers: tuple[Printer, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class Misfit:
    """A text that fits on no printer of its step: of which container, at which printer, why."""

    step: str
    container: str
    printer: str
    why: str


def check_labels(house: House, recipe: Recipe, of: Of) -> None:
    """Raise RefusedError when a step would print what fits on no printer of this site."""
    shop = Shop(house.operations, tuple(_printers(house)), house.door.simulated)
    for one in misfits(recipe, of, shop):
        what = f"the label of {one.container} in step {one.step} can't be printed at {one.printer}"
        raise RefusedError(f"batch {of.batch} can't be issued: {what}: {one.why}")


def misfits(recipe: Recipe, of: Of, shop: Shop) -> Iterator[Misfit]:
    """Give every text that a recipe would print and that fits on no printer of its step."""
    for step in recipe.steps:
        wanted = {recipe.equipment[role] for role in step.equipment.values()}
        able = [one for one in shop.printers if one.capability in wanted]
        for text in _texts(shop, step, of):
            wrong = {one.asset: one.driver.misfit(text) for one in able}
            if wrong and all(wrong.values()):
                name, why = next(iter(wrong.items()))
                yield Misfit(step.id, text.container, name, why)


def prints(recipe: Recipe, operations: Mapping[str, OperationSpec]) -> tuple[str, ...]:
    """Give the steps of a recipe that print labels."""
    return tuple(one.id for one in recipe.steps if isinstance(operations[one.operation].operation, Prints))


def _texts(shop: Shop, step: Step, of: Of) -> Iterator[Text]:
    operation: object = shop.operations[step.operation].operation
    if not isinstance(operation, Prints):
        return
    given = {name: one.value for name, one in step.given.items() if isinstance(one, Literal)}
    also = (RECORD_COPY, *((SIMULATED,) if shop.simulated else ()))  # the longest marks that a later one bears
    for text in operation.texts(given, of):
        yield Text(text.container, text.lines, (*text.marks, *also))


def _printers(house: House) -> Iterator[Printer]:
    for name, device in house.devices.items():
        if isinstance(device.driver, Draws):
            yield Printer(name, device.capability, device.driver)
