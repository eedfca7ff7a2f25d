"""A planned amendment of a batch: proposed from a recipe file, and put in force at the next step boundary.

A batch goes by one whole recipe: the one it was issued with until the event ``adopt``, the amended one from there on;
no step ever sees parts of both. The copy of the amended recipe is on disk before it is proposed. What has changed
since the approval (a step has begun that it touches) lets it lapse with an alarm.
Source: 21 CFR 211.100(a), (b).
"""

from automation.engine import masters
from automation.engine.alarms import Alarms
from automation.engine.house import House
from automation.engine.operation import digest
from automation.engine.recipe.amendment import check_amendment
from automation.engine.recipe.difference import differences
from automation.engine.recipe.model import Recipe, Status
from automation.engine.recorder import RUNNER
from automation.gmp.amendments import Amendment, Proposal, Stage
from automation.gmp.door import Command
from automation.gmp.product.batches import Batch, LotType
from automation.kernel.errors import CellwrightError, InputError


def proposal(house: House, recipe: Recipe, batch: Batch, *, raw: bytes, name: str) -> dict[str, object]:
    """Keep a copy of the amended recipe (``raw``) and give what its proposal states, but for the reason.

    ``recipe`` is the one in force. Raises InputError for what is no recipe, and for what may not be amended.
    """
    amended = masters.revised(batch, raw, house.operations, name=name)
    check_amendment(recipe, amended, begun=begun(house, recipe, batch), operations=house.operations)
    if batch.lot_type != LotType.ENGINEERING and amended.header.status is not Status.APPROVED:
        given = f"{amended.header.id} is {amended.header.status}"
        raise InputError(f"a {batch.lot_type} lot needs an approved recipe; {given}", where=name)
    found = tuple(one.sentence for one in differences(recipe, amended))
    if not found:
        raise InputError(f"nothing differs from the recipe that batch {batch.id} goes by", where=name)
    return {
        "number": len(batch.amendments) + 1,
        "based_on": recipe.digest,
        "recipe_version": amended.header.version,
        "recipe_digest": amended.digest,
        "recipe_file": house.blobs.put(raw),
        "operations": _digests(house, amended),
        "differences": list(found),
        "bill": amended.bill,
    }


def check_open(house: House, recipe: Recipe, batch: Batch) -> None:
    """Raise InputError when the open amendment of a batch does not fit what has begun by now."""
    waiting = batch.open_amendment
    if waiting is not None:
        _fitting(house, recipe, batch, waiting.proposal)


def begun(house: House, recipe: Recipe, batch: Batch) -> frozenset[str]:
    """Give the steps that have a record."""
    return frozenset(one.id for one in recipe.steps if house.ledger.version(f"batch/{batch.id}/step/{one.id}"))


def take_effect(house: House, recipe: Recipe, batch: Batch) -> Recipe | None:
    """Put an approved amendment in force and give the recipe to go by; None when there is none, or it lapses."""
    waiting = batch.open_amendment
    if waiting is None or waiting.stage is not Stage.APPROVED:
        return None
    number, stream = waiting.proposal.number, f"batch/{batch.id}"
    try:
        amended = _fitting(house, recipe, batch, waiting.proposal)
    except CellwrightError as problem:
        _lapse(house, batch, waiting, str(problem))
        return None
    house.door.enter(Command(stream, "adopt", {"number": number}, RUNNER))
    return amended


def _lapse(house: House, batch: Batch, waiting: Amendment, why: str) -> None:
    number = waiting.proposal.number
    house.door.enter(Command(f"batch/{batch.id}", "lapse", {"number": number, "reason": why}, RUNNER))
    text = f"amendment {number} of {batch.id} lapsed: {why}"
    Alarms(house.door, batch=batch.id, step="").sound(
        "amendment", text, response="The batch goes on as before; propose another amendment, or hold it"
    )


def _fitting(house: House, recipe: Recipe, batch: Batch, stated: Proposal) -> Recipe:
    """Give the amended recipe when it is the one that was stated, and fits; raises InputError else."""
    name = f"amendment {stated.number}"
    amended = masters.revised(batch, house.blobs.get(stated.recipe_file), house.operations, name=name)
    check_amendment(recipe, amended, begun=begun(house, recipe, batch), operations=house.operations)
    said = tuple(one.sentence for one in differences(recipe, amended))
    if (amended.digest, said, _digests(house, amended)) != (
        stated.recipe_digest,
        stated.differences,
        dict(stated.operations),
    ):
        raise InputError("it is not what was proposed: recipe, differences or operations are others", where=name)
    return amended


def _digests(house: House, recipe: Recipe) -> dict[str, str]:
    return {one.operation: digest(house.operations[one.operation].operation) for one in recipe.steps}
