"""``run`` and ``resume``: issue a batch, start it, and go on with one that was left open."""

from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from automation.engine import accounts, masters
from automation.engine.conduct import Left, Mark, conduct
from automation.engine.issue import Order, issue, start
from automation.engine.journal import Enter
from automation.engine.recipe.load import load
from automation.engine.recipe.model import Recipe
from automation.engine.site import Site
from automation.gmp.marks import OPEN
from automation.gmp.product.batches import Batch, LotType, check_id
from automation.gmp.words import Right
from automation.kernel.clock import MICRO, iso
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant, Seconds, read
from automation.ledger.event import Event
from automation.surfaces.cli.access import person, secret
from automation.surfaces.cli.common import (
    SHORTEST,
    Session,
    as_json,
    at_terminal,
    by,
    emit,
    note,
    pair,
    say_no,
    session,
    site,
)
from automation.surfaces.cli.port import Opening

_AT_REST = frozenset({"absent", "issued", "complete", "stopped", "aborted", "closed"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What ``run`` was asked for."""

    recipe: str
    batch: str
    by: str = ""
    lot_type: str = "engineering"
    containers: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    reason: str = ""
    stop_at: str = ""


stop_option = click.option("--stop-at", default="", metavar="STEP.STATE", help="Leave a simulated batch open there.")


@click.command(epilog="Example: cellwright run freeze-day --site ./site-a --batch B-001 --stop-at freeze.freezing")
@click.argument("recipe")
@site
@click.option("--batch", required=True, metavar="ID", help="Id of the batch; used once, for ever.")
@click.option("--seed", type=click.IntRange(min=0), help="Another chance for a new simulated site.")
@click.option(
    "--lot-type", type=click.Choice([str(kind) for kind in LotType]), default="engineering", show_default=True
)
@click.option("--set", "changes", multiple=True, metavar="STEP.PARAMETER=VALUE", help="Engineering lots only.")
@click.option("--reason", default="", help="Why parameters are set.")
@click.option("--container", "containers", multiple=True, metavar="ID", help="Else the container that is expected.")
@stop_option
@by
@as_json
@session
def run(session: Session, /, folder: Path, seed: int | None, *, as_json: bool, **wished: object) -> None:
    """Issue a batch of a recipe, start it and run it."""
    wish = msgspec.convert(wished, Wish)
    _check(wish)

    async def job(here: Site) -> Left:
        recipe = load(wish.recipe, here.house.operations, changes=dict(_changes(wish)))
        return await begin(here, recipe, wish, release=session.opener.release())

    show(session, folder, session.opener.work(folder, job, Opening(seed=seed)), as_json=as_json)


@click.command(epilog="Example: cellwright resume B-001 --site ./site-a --down '20 min'")
@click.argument("batch")
@site
@click.option("--down", default="", metavar="DURATION", help="Simulated: how long nobody ran it; the plant lived on.")
@click.option("--take-over", is_flag=True, help="Also from an owner that no longer answers and can't be ended.")
@stop_option
@as_json
@session
def resume(  # noqa: PLR0913  as options
    session: Session, batch: str, folder: Path, down: str, *, take_over: bool, stop_at: str, as_json: bool
) -> None:
    """Go on with a batch after a stop or a crash."""
    gone = float(read(down, Seconds, what="--down")) if down else 0.0
    mark = Mark.read(stop_at) if stop_at else None

    async def job(here: Site) -> Left:
        thing = known_batch(here, batch)
        if thing.state == "closed":
            raise InputError(f"batch {batch} has ended and is closed; see: cellwright record {batch}")
        recipe = masters.recall(here.folder, thing, here.house.operations)
        if mark is not None:
            mark.check(recipe, here.house.operations)
        taken = here.take_up(recipe, batch)
        tell_progress(here, batch)
        if thing.state == "issued":
            await start(here, batch, by=person(here.file, "", Right.PERFORM))
        return await conduct(here, taken, stop_at=mark)

    show(session, folder, session.opener.work(folder, job, Opening(down=gone, take_over=take_over)), as_json=as_json)


async def begin(here: Site, recipe: Recipe, wish: Wish, *, release: str) -> Left:
    """Issue, start and run a batch; raises InputError for an id in use."""
    mark = Mark.read(wish.stop_at) if wish.stop_at else None
    if mark is not None:
        mark.check(recipe, here.house.operations)
    thing = here.house.door.find("batch", wish.batch)
    if thing.state != "absent":
        follow = "it is closed" if thing.state == "closed" else f"go on with it: cellwright resume {wish.batch}"
        raise InputError(f"batch id {wish.batch!r} is in use ({thing.state}); an id is used once; {follow}")
    who = person(here.file, wish.by, Right.ISSUE, Right.PERFORM)
    own = accounts.Caller(who, secret(here.file, who), f"batch/{wish.batch}", "issue", at_terminal())
    accounts.let_in(here.house.door, here.credentials, own)
    _warn_of_others(here)
    masters.keep(here.folder, wish.recipe, recipe)
    seed = here.file.seed if here.file.simulated else None
    order = Order(wish.batch, wish.lot_type, wish.containers, wish.reason, release, seed)
    await issue(here, recipe, order, by=who)
    await start(here, wish.batch, by=who)
    taken = here.take_up(recipe, wish.batch)
    tell_progress(here, wish.batch)
    return await conduct(here, taken, stop_at=mark)


def _warn_of_others(here: Site) -> None:
    """Say which batches are on their way and run in no process."""
    for one in here.house.door.marked("batch", OPEN):
        if one.state not in _AT_REST and one.id not in here.batches:
            text = f"batch {one.id} is {one.state} and nobody watches it: cellwright resume {one.id}"
            click.echo(f"cellwright: {text}", err=True)


def known_batch(here: Site, batch: str) -> Batch:
    """Give a batch that was issued; raises InputError that names those there are."""
    thing = here.house.door.find("batch", batch)
    if not isinstance(thing, Batch) or thing.state == "absent":
        there = ", ".join(one.id for one in here.house.door.every("batch")) or "none"
        raise InputError(f"batch {batch!r} is not known at this site; known: {there}")
    return thing


def tell_progress(here: Site, batch: str) -> None:
    """Tell a person at a terminal which state each step enters."""
    prefix = f"batch/{batch}/step/"

    def look(event: Event) -> None:
        if event.kind == "enter" and event.stream.startswith(prefix):
            at = iso(Instant(event.at / MICRO), zone=here.file.zone)[11:19]
            note(f"  {at}  {event.stream.removeprefix(prefix):<10} {event.read(Enter).state}")

    here.house.ledger.subscribe(look)


def show(session: Session, folder: Path, left: Left, *, as_json: bool) -> None:
    """Print how a run was left; exit status 1 when the batch did not complete and nobody asked for that."""
    file = session.opener.site(folder)
    if as_json:
        emit({"simulated": file.simulated, "site": file.name, **{k: getattr(left, k) for k in Left.__slots__}})
    else:
        site = "" if folder == Path() else f" --site {folder}"
        click.echo(sentence(left, zone=file.zone, simulated=file.simulated, site=site))
    if left.state not in {"complete", "closed"} and not left.why.startswith("step "):
        say_no()


def sentence(left: Left, *, zone: str, simulated: bool, site: str = "") -> str:
    """Say how a run was left, and what can be done next."""
    mark = "SIMULATED " if simulated else ""
    at = iso(left.at, zone=zone)
    lines = [f"{mark}batch {left.batch}: {left.state} at {at}; {left.events} events, head {left.head}"]
    if left.why:
        lines.append(f"left open: {left.why}")
    if left.waits:
        lines.append(f"waits for people: {', '.join(left.waits)} (cellwright status)")
    follow = (
        f"cellwright resume {left.batch}{site}"
        if left.why
        else f"cellwright record {left.batch}{site} --format pdf -o record.pdf"
    )
    if left.state in {"held", "paused"}:
        word = "restart" if left.state == "held" else "unpause"
        follow = f"cellwright {word} {left.batch}{site} --reason ... --as USER, then {follow}"
    return "\n".join([*lines, f"next: {follow}"])


def _check(wish: Wish) -> None:
    check_id(wish.batch)
    if wish.changes and wish.lot_type != LotType.ENGINEERING:
        raise InputError(f"--set is for engineering lots only; --lot-type is {wish.lot_type}")
    if wish.changes and len(wish.reason) < SHORTEST:
        needed = f"--reason TEXT of at least {SHORTEST} characters: why the approved value is not used"
        raise InputError(f"--set needs {needed}; --reason is {wish.reason!r}")


def _changes(wish: Wish) -> list[tuple[str, str]]:
    for text in wish.changes:
        name, sign, _ = text.partition("=")
        step, dot, parameter = name.partition(".")
        if not (sign and step and dot and parameter):
            raise InputError(f"--set is {text!r}; write step.parameter=VALUE")
    return [pair(text, what="--set") for text in wish.changes]


COMMANDS = {"run": run, "resume": resume}
