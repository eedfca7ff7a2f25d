"""``transfer package`` and ``transfer report``: the files of a transfer.

What is frozen or signed is the JSON, by its SHA-256; HTML and PDF show it. Files are named by ``-o``, several at once.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import click
import msgspec

from automation.gmp.objects import Recorded, Signed
from automation.gmp.quality.transfers import Transfer
from automation.kernel.clock import iso
from automation.kernel.errors import InputError
from automation.kernel.files import write_whole
from automation.ledger.event import Event
from automation.ledger.read import Reader
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, session, site, tell
from automation.surfaces.cli.comparing import Named, gathered, named
from automation.surfaces.cli.doubt import now_of
from automation.surfaces.cli.scaling import sheet_of
from automation.surfaces.cli.sides import pair_of
from automation.surfaces.documents.blocks import Document
from automation.surfaces.documents.transfer import WRITERS, of_package, of_report
from automation.views.comparison import Classes, How, Role, compare
from automation.views.objects import Objects
from automation.views.transfer.cited import check_cited, not_counted
from automation.views.transfer.package import Protocol, package
from automation.views.transfer.report import critical, report
from automation.views.transfer.units import Severity

FILES = click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write: .json is what is frozen, .html and .pdf show it; several.",
)


@click.command(
    "package",
    epilog="Example: cellwright transfer package ./site-a ./site-b freeze-day --title 'Freezing at B' "
    "--cqa count.viability --margin 'count.viability=5 %' --why 'see calc runs_for_equivalence' -o package.json",
)
@click.argument("sending", metavar="SITE_A")
@click.argument("receiving", metavar="SITE_B")
@click.argument("recipe")
@click.option("--title", required=True, help="What is transferred.")
@click.option("--cpp", multiple=True, metavar="STEP.NAME", help="A critical process parameter; * stands for any text.")
@click.option("--cqa", multiple=True, metavar="STEP.NAME", help="A critical quality attribute; as --cpp.")
@click.option("--margin", "margins", multiple=True, metavar="STEP.NAME=VALUE", help="Within which both are the same.")
@click.option("--runs", type=click.IntRange(min=1), default=3, show_default=True, help="At the receiving unit.")
@click.option("--references", type=click.IntRange(min=0), default=3, show_default=True, help="Of the sending unit.")
@click.option("--why", "rationale", required=True, help="The statistical reason for so many batches.")
@click.option("--step", "steps", multiple=True, metavar="STEP", help="Goes into another vessel: with its scale sheet.")
@click.option("--from", "before", multiple=True, metavar="WHAT=VALUE", help="That vessel; as in transfer scale.")
@click.option("--to", "after", multiple=True, metavar="WHAT=VALUE", help="The other vessel.")
@FILES
@as_json
@session
def package_command(  # noqa: PLR0913  as options
    session: Session,
    /,
    sending: str,
    receiving: str,
    recipe: str,
    *,
    steps: tuple[str, ...],
    before: tuple[str, ...],
    after: tuple[str, ...],
    outputs: tuple[Path, ...],
    as_json: bool,
    **stated: object,
) -> None:
    """Write a transfer package: process map, what is critical, gaps and protocol; its SHA-256 is what a plan states."""
    protocol = msgspec.convert(stated, Protocol)  # the options are its fields
    with pair_of(session, sending=sending, receiving=receiving, recipe=recipe) as pair:
        sheet = sheet_of(pair.recipe, pair.operations, steps=steps, before=before, after=after) if steps else None
        made = package(pair, protocol, sheet)
        date = iso(pair.receiving.objects.now, zone=pair.receiving.objects.zone)
    write(outputs, made.text, lambda: of_package(made, date=date))
    blocking = sum(one.severity is Severity.BLOCKS for one in made.gaps)
    text = f"package of {made.recipe}: {', '.join(map(str, outputs))}; {len(made.gaps)} gaps, of which {blocking} block"
    data = {"files": list(map(str, outputs)), "sha256": made.sha256, "gaps": len(made.gaps), "blocking": blocking}
    tell(f"{text}; SHA-256 {made.sha256}", data, simulated=made.simulated, as_json=as_json)


@click.command(
    "report",
    epilog="Example: cellwright transfer report T-1 sending=B-1@./site-a receiving=B-1 -o report.json -o report.pdf",
)
@click.argument("name", metavar="ID")
@click.argument("batches", nargs=-1, metavar="ROLE=BATCH[@DIR]...")
@site
@FILES
@as_json
@session
def report_command(  # noqa: PLR0913  as options
    session: Session, name: str, batches: tuple[str, ...], folder: Path, *, outputs: tuple[Path, ...], as_json: bool
) -> None:
    """Write the report of a transfer over the batches that count; its SHA-256 is what an evaluation states."""
    wanted = [named(text, folder) for text in batches]
    found = gathered(wanted, How(operations=session.opener.operations()))
    with looked(session, folder) as (file, objects):
        transfer = objects.known("transfer", name)
        if not isinstance(transfer, Transfer) or transfer.plan is None:
            raise InputError(f"transfer {name} is not planned")
        if any(one.simulated for one in found) and not file.simulated:
            raise InputError("a batch of a simulated site counts at no live one")
        _check_cited(wanted, transfer, here=objects.reader.genesis.ledger)
        others = _others(wanted, transfer)
        compared = compare(found, critical(compare(found, Classes()), transfer.plan.critical))
        made = report(transfer, compared, objects, others=others)
        signed = signed_of(objects, f"transfer/{name}")
        date = iso(now_of(file, objects), zone=objects.zone)
    write(outputs, made.text, lambda: of_report(made, signed, date=date))
    verdict = (
        "every margin is met"
        if made.equivalent
        else f"equivalence is not shown: {'; '.join(made.missing) or 'a margin is not met'}"
    )
    data = {
        "files": list(map(str, outputs)),
        "sha256": made.sha256,
        "equivalent": made.equivalent,
        "missing": made.missing,
    }
    tell(
        "\n".join([f"report of transfer {name}: {verdict}", *made.equivalence, f"SHA-256 {made.sha256}"]),
        data,
        simulated=made.simulated,
        as_json=as_json,
    )


def signed_of(objects: Objects, stream: str) -> tuple[tuple[str, Signed], ...]:
    """Give every signature of an object with the move that it stands under, in order."""
    return tuple((event.kind, one) for event in objects.streams[stream] for one in event.read(Recorded).signed)


def _check_cited(wanted: Sequence[Named], transfer: Transfer, *, here: str) -> None:
    """Refuse batches that are not those that were cited, or were issued by another recipe."""
    counted = {(one.batch, str(one.side)): one for one in transfer.counted}
    digest = transfer.plan.digest if transfer.plan else ""
    for one in wanted:
        known = counted.get((one.batch, str(one.role)))
        with Reader(one.folder) as reader:
            if known is not None:
                check_cited(reader, known, here=here)
            issued = _digest(reader.stream(f"batch/{one.batch}"))
        if issued != digest:
            raise InputError(f"batch {one.batch} of {one.folder} was issued by recipe {issued[:12]}, not {digest[:12]}")


def _others(wanted: Sequence[Named], transfer: Transfer) -> list[tuple[str, str]]:
    """Give what else the sending unit has made by the recipe: batch and state."""
    found = list[tuple[str, str]]()
    for folder in dict.fromkeys(one.folder for one in wanted if one.role is Role.SENDING):
        with Reader(folder) as reader:
            found += not_counted(reader, transfer, [one.batch for one in wanted if one.folder == folder])
    return sorted(found)


def _digest(events: Sequence[Event]) -> str:
    given = next((event.fields["given"] for event in events if event.kind == "issue"), {})
    return str(given.get("recipe_digest", "")) if isinstance(given, dict) else ""


def write(outputs: Sequence[Path], text: bytes, document: Callable[[], Document]) -> None:
    """Write the files; raises InputError for an end that is not known, before anything is written."""
    for path in outputs:
        if path.suffix.lower() not in {*WRITERS, ".json"}:
            raise InputError(f"-o is {path}; .json, .html or .pdf is written")
    for path in outputs:
        writer = WRITERS.get(path.suffix.lower())
        write_whole(path, writer(document()) if writer else text)


COMMANDS = (package_command, report_command)
