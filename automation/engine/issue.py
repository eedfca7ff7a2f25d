"""Issuing a batch: the master by its hash, the product, the program and the site, as one signed-for event.

Source: 21 CFR 211.188(a) (an accurate copy of the master, checked and dated).
"""

from dataclasses import dataclass

from automation.engine.masters import FOLDER
from automation.engine.operation import digest
from automation.engine.recipe.model import Recipe
from automation.engine.setup import site_digest
from automation.engine.site import Site
from automation.engine.sitefile import FILE
from automation.gmp.door import Command
from automation.gmp.product.containers import Container
from automation.kernel.errors import InputError


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made: under which id, as which type of lot, from which containers."""

    batch: str
    lot_type: str = "engineering"
    containers: tuple[str, ...] = ()  # those that are expected here when empty
    reason: str = ""  # for the changes of an engineering lot
    release: str = ""
    seed: int | None = None


async def issue(site: Site, recipe: Recipe, order: Order, *, by: str) -> None:
    """Issue a batch and start it; raises RefusedError for an id in use, InputError for containers that do not fit."""
    containers = order.containers or _expected(site)
    identities = {_container(site, name).identity for name in containers}
    if len(identities) != 1:
        msg = f"containers {', '.join(containers)} belong to {len(identities)} chains of identity; one batch has one"
        raise InputError(msg)
    body: dict[str, object] = {
        "recipe": recipe.header.id,
        "recipe_version": recipe.header.version,
        "recipe_digest": recipe.digest,
        "recipe_file": _copy(site, recipe),
        "recipe_status": str(recipe.header.status),
        "lot_type": order.lot_type,
        "product": recipe.product.name,
        "identity": identities.pop(),
        "containers": list(containers),
        "overrides": [
            {"step": c.step, "parameter": c.parameter, "value": c.changed, "reason": order.reason}
            for c in recipe.changes
        ],
        "release": order.release,
        "operations": {
            step.operation: digest(site.house.operations[step.operation].operation) for step in recipe.steps
        },
        "site_digest": site_digest(site.folder / FILE),
        "seed": order.seed,
    }
    await site.house.door.submit(Command(f"batch/{order.batch}", "issue", body, by))


def _copy(site: Site, recipe: Recipe) -> str:
    """Keep the file of the recipe with the batch and give its SHA-256; empty for a recipe that came from no file."""
    place = site.folder / FOLDER / f"{recipe.digest}.yaml"
    return site.house.blobs.put(place.read_bytes()) if place.exists() else ""


async def start(site: Site, batch: str, *, by: str) -> None:
    """Start an issued batch."""
    await site.house.door.submit(Command(f"batch/{batch}", "start", {}, by))


def _expected(site: Site) -> tuple[str, ...]:
    found = tuple(
        thing.id
        for thing in site.house.door.every("container")
        if isinstance(thing, Container) and thing.state == "expected"
    )
    if not found:
        msg = "no container is expected at this site; name one with --container"
        raise InputError(msg)
    first = _container(site, found[0]).identity
    return tuple(name for name in found if _container(site, name).identity == first)[:1]


def _container(site: Site, name: str) -> Container:
    thing = site.house.door.find("container", name)
    if not isinstance(thing, Container) or thing.state == "absent":
        msg = f"container {name!r} is not known at this site"
        raise InputError(msg)
    return thing
