"""Issuing a batch: the master by its hash, the product, the program and the site, as one signed-for event.

Source: 21 CFR 211.188(a) (an accurate copy of the master, checked and dated).
"""

from dataclasses import dataclass

from automation.engine.label_fit import check_labels
from automation.engine.masters import FOLDER
from automation.engine.operation import digest
from automation.engine.printable import Of
from automation.engine.recipe.model import Recipe, Start
from automation.engine.setup import site_digest
from automation.engine.site import Site
from automation.engine.sitefile import FILE
from automation.gmp.door import Command
from automation.gmp.marks import OPEN
from automation.gmp.product.batches import Batch, LotType
from automation.gmp.product.containers import Container
from automation.gmp.product.orders import order_of
from automation.kernel.errors import InputError, RefusedError

_WHERE = {Start.EXPECTED: "expected", Start.STORAGE: "stored"}  # state of the containers at issue
_OVER = frozenset({"complete", "stopped", "aborted", "closed"})


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
    """Issue a batch.

    Raises RefusedError for an id or a container in use and for labels that fit on no printer, InputError for
    containers that do not fit.
    """
    containers = order.containers or _expected(site, recipe)
    for name in containers:
        _check_free(site, _container(site, name), recipe, order.batch)
        _check_kind(_container(site, name), recipe)
    identities = {_container(site, name).identity for name in containers}
    if len(identities) != 1:
        msg = f"containers {', '.join(containers)} belong to {len(identities)} chains of identity; one batch has one"
        raise InputError(msg)
    identity = identities.pop()
    check_labels(site.house, recipe, Of(order.batch, _container(site, containers[0]).din, identity))
    body: dict[str, object] = {
        "recipe": recipe.header.id,
        "recipe_version": recipe.header.version,
        "recipe_digest": recipe.digest,
        "recipe_file": _copy(site, recipe),
        "recipe_status": str(recipe.header.status),
        "lot_type": order.lot_type,
        "product": recipe.product.name,
        "identity": identity,
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
        "bill": recipe.bill,
    }
    ordered = order_of(site.house.door, identity)
    if ordered is not None and order.lot_type != LotType.ENGINEERING:
        body["order"] = ordered.id
    await site.house.door.submit(Command(f"batch/{order.batch}", "issue", body, by))


def _copy(site: Site, recipe: Recipe) -> str:
    """Keep the file of the recipe with the batch and give its SHA-256; empty for a recipe that came from no file."""
    place = site.folder / FOLDER / f"{recipe.digest}.yaml"
    return site.house.blobs.put(place.read_bytes()) if place.exists() else ""


async def start(site: Site, batch: str, *, by: str) -> None:
    """Start an issued batch."""
    await site.house.door.submit(Command(f"batch/{batch}", "start", {}, by))


def _check_free(site: Site, container: Container, recipe: Recipe, batch: str) -> None:
    """Raise RefusedError for a container that is elsewhere, or that another batch which is open was issued for."""
    wanted = _WHERE[recipe.product.starts_in]
    if container.state != wanted:
        of = f" (batch {container.batch})" if container.batch else ""
        msg = f"container {container.id} is {container.state}{of}; batch {batch} needs one that is {wanted}"
        raise RefusedError(msg)
    other = _named_in(site, container.id, besides=batch)
    if other is not None:
        msg = f"container {container.id} is expected by batch {other.id}, which is {other.state}; name another one"
        raise RefusedError(msg)


def _named_in(site: Site, container: str, *, besides: str = "") -> Batch | None:
    """Give the open batch that a container was issued for."""
    every = (thing for thing in site.house.door.marked("batch", OPEN) if isinstance(thing, Batch))
    return next(
        (one for one in every if container in one.containers and one.state not in _OVER and one.id != besides), None
    )


def _check_kind(container: Container, recipe: Recipe) -> None:
    """Raise InputError for a container from which the recipe does not start."""
    wanted = recipe.product.starts_from
    if wanted and container.kind != wanted:
        msg = f"container {container.id} is a {container.kind or 'container'}; {recipe.header.id} starts from {wanted}"
        raise InputError(msg)


def _stored(site: Site, recipe: Recipe) -> tuple[str, ...]:
    """Give the one container in the store that the recipe could start from; raises InputError for none or several."""
    wanted = recipe.product.starts_from
    every = (thing for thing in site.house.door.every("container") if isinstance(thing, Container))
    here = [one for one in every if one.state == "stored" and not one.on_hold and (not wanted or one.kind == wanted)]
    free = [one.id for one in here if _named_in(site, one.id) is None]
    if len(free) != 1:
        found = ", ".join(free) or f"no {wanted or 'container'}"
        raise InputError(f"{found} could be taken out of the store; name one with --container")
    return tuple(free)


def _expected(site: Site, recipe: Recipe) -> tuple[str, ...]:
    """Give the container that the recipe would start from: of its kind, expected, and not filled here."""
    if recipe.product.starts_in is Start.STORAGE:
        return _stored(site, recipe)
    wanted = recipe.product.starts_from
    every = (thing for thing in site.house.door.marked("container", OPEN) if isinstance(thing, Container))
    coming = [thing for thing in every if not thing.parent]
    found = tuple(thing.id for thing in coming if not wanted or thing.kind == wanted)
    if not found:
        msg = f"no {wanted or 'container'} is expected at this site; name one with --container"
        raise InputError(msg)
    found = tuple(name for name in found if _named_in(site, name) is None) or found
    first = _container(site, found[0]).identity
    return tuple(name for name in found if _container(site, name).identity == first)[:1]


def _container(site: Site, name: str) -> Container:
    thing = site.house.door.find("container", name)
    if not isinstance(thing, Container) or thing.state == "absent":
        msg = f"container {name!r} is not known at this site"
        raise InputError(msg)
    return thing
