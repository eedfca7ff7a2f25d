"""Keeps the recipe that a batch was issued with in the site folder, so that the batch can go on from the folder alone.

A file ``recipes/<digest>.yaml`` holds the bytes of the approved recipe (of a variant: written out whole), and the issue
of the batch cites a copy of it by hash; what was changed for an engineering lot stands in the batch itself. The digest
is checked at every resumption.
"""

from collections.abc import Mapping
from importlib import resources
from importlib.metadata import entry_points
from pathlib import Path

from automation.engine.recipe import source
from automation.engine.recipe.load import load
from automation.engine.recipe.model import Recipe
from automation.engine.recipe.source import GROUP
from automation.engine.recipe.spec import OperationSpec
from automation.gmp.product.batches import Batch
from automation.kernel.errors import InputError
from automation.kernel.files import write_whole
from automation.ledger.blobs import Blobs

FOLDER = "recipes"


def keep(folder: Path, path_or_name: str | Path, recipe: Recipe) -> Path:
    """Keep the file of a recipe that was loaded; gives where."""
    place = folder / FOLDER / f"{recipe.digest}.yaml"
    place.parent.mkdir(exist_ok=True)
    if not place.exists():
        write_whole(place, _bytes(path_or_name))
    return place


def recall(folder: Path, batch: Batch, operations: Mapping[str, OperationSpec]) -> Recipe:
    """Give the recipe of a batch as it was issued; raises InputError when the folder has lost it."""
    issue = batch.issue
    if issue is None:
        raise InputError(f"batch {batch.id!r} is not known at this site; see: cellwright list batch")
    place = folder / FOLDER / f"{issue.recipe_digest}.yaml"
    if not place.exists():
        if not issue.recipe_file:
            raise InputError(f"the recipe of batch {batch.id} is not in the site folder any more", where=str(place))
        place.parent.mkdir(exist_ok=True)
        write_whole(place, Blobs(folder / "blobs", sync=False).get(issue.recipe_file))
    changes = {f"{one.step}.{one.parameter}": one.value for one in issue.overrides}
    recipe = load(place, operations, changes=changes)
    if recipe.digest != issue.recipe_digest:
        raise InputError(f"the file is not the recipe that batch {batch.id} was issued with", where=str(place))
    return recipe


def _bytes(path_or_name: str | Path) -> bytes:
    whole, path = source.written(path_or_name), Path(path_or_name)
    if whole is not None:
        return whole.encode()
    if path.exists():
        return path.read_bytes()
    packages = {point.name: point.value for point in entry_points(group=GROUP)}
    return resources.files(packages[str(path_or_name)]).joinpath(f"{path_or_name}.yaml").read_bytes()
