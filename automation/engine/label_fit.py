"""Whether what a batch will print fits the labels in the printer, asked when the batch is issued.

A text that is too long is found before there is any product that can't wait. An operation that prints says which
texts, as long as they can get; a driver that draws labels itself says what it could not draw. Nothing is sent.
Source: 21 CFR 211.122, 211.130 (labels are examined for suitability before use).
"""

from collections.abc import Iterator

from automation.engine.house import House
from automation.engine.printable import Draws, Of, Prints, Text
from automation.engine.recipe.model import Literal, Recipe, Step
from automation.gmp.product.labels import RECORD_COPY, SIMULATED
from automation.kernel.errors import RefusedError


def check_labels(house: House, recipe: Recipe, of: Of) -> None:
    """Raise RefusedError when a step would print what fits on no printer of this site."""
    for step in recipe.steps:
        for text in _texts(house, step, of):
            wrong = {name: printer.misfit(text) for name, printer in _printers(house, recipe, step)}
            if wrong and all(wrong.values()):
                name, why = next(iter(wrong.items()))
                what = f"the label of {text.container} in step {step.id} can't be printed at {name}"
                raise RefusedError(f"batch {of.batch} can't be issued: {what}: {why}")


def _texts(house: House, step: Step, of: Of) -> Iterator[Text]:
    operation: object = house.operations[step.operation].operation
    if not isinstance(operation, Prints):
        return
    given = {name: one.value for name, one in step.given.items() if isinstance(one, Literal)}
    also = (RECORD_COPY, *((SIMULATED,) if house.door.simulated else ()))  # the longest marks that a later one bears
    for text in operation.texts(given, of):
        yield Text(text.container, text.lines, (*text.marks, *also))


def _printers(house: House, recipe: Recipe, step: Step) -> Iterator[tuple[str, Draws]]:
    wanted = {recipe.equipment[role] for role in step.equipment.values()}
    for name, device in house.devices.items():
        if device.capability in wanted and isinstance(device.driver, Draws):
            yield name, device.driver
