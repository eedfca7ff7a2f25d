"""Keeps the recipe that a batch was issued with in the site folder, so that the batch can go on from the folder alone.

A file ``recipes/<digest>.yaml`` holds the bytes of the approved recipe (of a variant: written out whole), and the issue
of the batch cites a copy of it by hash; what was changed for an engineering lot stands in the batch itself. An
amendment in force takes its place, kept the same way. The digest is checked at every resumption.
"""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from automation.engine.recipe import source
from automation.engine.recipe.load import made
from automation.engine.recipe.model import Recipe
from automation.engine.recipe.spec import OperationSpec
from automation.engine.recipe.yaml_source import Node, read_bytes
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
        write_whole(place, content(path_or_name))
    return place


def recall(folder: Path, batch: Batch, operations: Mapping[str, OperationSpec]) -> Recipe:
    """Give the recipe of a batch that is in force; raises InputError when the folder has lost it."""
    if batch.issue is None:
        raise InputError(f"batch {batch.id!r} is not known at this site; see: cellwright list batch")
    place = folder / FOLDER / f"{batch.recipe_digest}.yaml"
    if not place.exists():
        if not batch.recipe_file:
            raise InputError(f"the recipe of batch {batch.id} is not in the site folder any more", where=str(place))
        place.parent.mkdir(exist_ok=True)
        write_whole(place, Blobs(folder / "blobs", sync=False).get(batch.recipe_file))
    node = source.read(place)
    recipe = made(node, operations, changes=_kept(batch, node))
    if recipe.digest != batch.recipe_digest:
        raise InputError(f"the file is not the recipe that batch {batch.id} goes by", where=str(place))
    return recipe


def revised(batch: Batch, raw: bytes, operations: Mapping[str, OperationSpec], *, name: str) -> Recipe:
    """Give an amended recipe of a batch; what was set for the lot stays set where the recipe still has it.

    Raises InputError for what is no recipe, with line and column in the file ``name``.
    """
    node = read_bytes(raw, name=name)
    return made(node, operations, changes=_kept(batch, node))


def _kept(batch: Batch, node: Node) -> dict[str, str]:
    """Give the parameters that were set for the lot; of an amended recipe those that it still has."""
    stated = batch.issue.overrides if batch.issue else ()
    found = {f"{one.step}.{one.parameter}": one.value for one in stated}
    return {name: text for name, text in found.items() if source.has_parameter(node, name)}


def content(path_or_name: str | Path) -> bytes:
    """Give the whole recipe of a file or an installed name as bytes; of a variant what it makes."""
    whole, path = source.written(path_or_name), Path(path_or_name)
    if whole is not None:
        return whole.encode()
    if path.exists():
        return path.read_bytes()
    return resources.files(source.installed()[str(path_or_name)]).joinpath(f"{path_or_name}.yaml").read_bytes()
