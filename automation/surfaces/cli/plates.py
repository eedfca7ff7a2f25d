"""``judge plate``: what a plate says of the sample of a test, by the layout that its specification holds."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Protocol, cast

import click

from automation.engine.requests import Request, Signer
from automation.gmp.bodies.plates import NOT_EVALUABLE, Layout
from automation.gmp.objects import Site
from automation.gmp.plates import belongs, evaluate
from automation.gmp.product.testing import QcTest, criterion_of
from automation.gmp.words import Meaning, Right
from automation.kernel.errors import InputError, RefusedError
from automation.ledger.blobs import Blobs
from automation.surfaces.cli.access import person, secret, signers
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import Session, as_json, by, say_no, session, site, tell

_PLATE = "plate_csv"


class _Well(Protocol):
    """What the reader of plates says of a well."""

    plate: str
    well: str
    content: str
    sample: str
    signal: Decimal
    analysed: str


@click.command("plate", epilog="Example: cellwright judge plate T-1 plate-17.csv --report --method M-31@1 --as ben")
@click.argument("test", metavar="TEST")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--report", is_flag=True, help="Report what comes out as the result of the test, and keep the file.")
@click.option("--method", default="", metavar="TEXT", help="With --report: the method with its version.")
@by
@site
@as_json
@session
def plate(  # noqa: PLR0913  as options
    session: Session, /, test: str, path: Path, *, report: bool, method: str, by: str, folder: Path, as_json: bool
) -> None:
    """Evaluate a plate for the sample of a test, by the layout of its specification.

    Exit status 1 when it is not evaluable.
    """
    with looked(session, folder) as (_, objects):
        asked = objects.known("test", test)
        layout, seen = _layout(asked, objects), objects.version(f"test/{test}")
    rows, original = _read(session, path)
    wells = _fitting(rows, layout, asked, name=path.name)
    found = evaluate(layout, {one.well: one.signal for one in wells})
    value = found.value if found.value == NOT_EVALUABLE else f"{found.value} {layout.unit}"
    said = "\n".join([f"{test} on plate {wells[0].plate}: {value}", *found.figures, *found.failures])
    data: dict[str, object] = {"test": test, "plate": wells[0].plate, "unit": layout.unit, **asdict(found)}
    if report:
        file = session.opener.site(folder)
        who = person(file, by, Right.PERFORM)
        body: dict[str, object] = {"value": found.value, "method": method, "analysed": wells[0].analysed}
        body["inputs"] = [f"{one.well}={one.signal}" for one in wells]
        body["data"] = Blobs(folder / "blobs", sync=not file.simulated).put(original)
        me = Signer(who, secret(file, who), "", f"report test {test}\n{said}\nfile {body['data']}")
        done = send(
            session,
            folder,
            Request(
                what="do",
                target=f"test/{test}",
                command="report",
                by=who,
                body=body,
                secret=me.secret,
                signers=signers(file, me, (Meaning.PERFORMED,), {}),
                seen=seen,
            ),
        )
        said += f"\ntest {test} is {done.state} (report by {who}, event {done.seq})"
        data |= {"data": body["data"], "state": done.state, "event": done.seq}
    tell(said, data, simulated=session.opener.site(folder).simulated, as_json=as_json)
    if found.value == NOT_EVALUABLE:
        say_no()


def _layout(asked: object, objects: Site) -> Layout:
    """Give the layout by which a test is evaluated; raises InputError when it has none, or no sample yet."""
    if not isinstance(asked, QcTest) or not asked.sample:
        raise InputError("the laboratory has no sample of this test yet; see: cellwright show test")
    criterion = criterion_of(asked, objects)
    if criterion.plate is None:
        raise InputError(f"test {asked.id} is not evaluated from a plate: {criterion.test} has no layout")
    return criterion.plate


def _read(session: Session, path: Path) -> tuple[Sequence[_Well], bytes]:
    """Give the wells and the bytes that they were read from; raises InputError for another file."""
    kind, rows = session.opener.read(path)
    if kind != _PLATE:
        raise InputError(f"{path.name} is no list of the wells of a plate, but of {kind}")
    original = path.read_bytes()
    again, same = session.opener.read(path)
    if (again, same) != (kind, rows):
        raise InputError(f"{path.name} changes while it is read: it is still being written")
    return cast("Sequence[_Well]", rows), original


def _fitting(rows: Sequence[_Well], layout: Layout, asked: object, *, name: str) -> list[_Well]:
    """Give the wells of standard, blank and the test's own sample; raises RefusedError for another layout or sample."""
    sample = asked.sample if isinstance(asked, QcTest) else ""
    for one in rows:
        held, wanted = ("" if one.content == "empty" else one.content), belongs(layout, one.well)
        if held and held != wanted:
            raise RefusedError(
                f"{name}: {one.well} holds {held}, by the layout {wanted or 'nothing'}; is it turned around?"
            )
    found = [one for one in rows if one.content in {"standard", "blank"} or (sample and one.sample == sample)]
    if not any(one.sample for one in found):
        raise RefusedError(f"{name} has no well of sample {sample}")
    return found
