"""``compare``: batches side by side, of one site or several: a table, HTML with plots, CSV, Parquet or JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from automation.engine.recipe.spec import OperationSpec
from automation.kernel.errors import InputError
from automation.kernel.files import write_whole
from automation.ledger import where
from automation.ledger.blobs import Blobs
from automation.ledger.read import Reader
from automation.surfaces.cli.common import Session, as_json, emit, session, site, table
from automation.surfaces.documents import comparison as written
from automation.surfaces.documents.parquet import parquet
from automation.views.comparison import Classes, Comparison, How, Kind, Role, Row, Side, compare, side
from automation.views.equivalence import Judged, equivalences, margin_of
from automation.views.story import Story
from automation.views.trends import trends

_FEWEST = 2
_ROLES = {str(role): role for role in Role if role is not Role.NONE}


@dataclass(frozen=True, slots=True)
class Named:
    """One batch as it is named: ``ROLE=BATCH@DIR``, of which role and folder may be left out."""

    batch: str
    folder: Path
    role: Role


def named(text: str, folder: Path) -> Named:
    """Read how a batch is named; raises InputError for a role that is not known."""
    role, _, rest = text.rpartition("=")
    batch, _, place = rest.partition("@")
    return Named(batch, Path(place) if place else folder, role_of(role))


def role_of(text: str) -> Role:
    """Read a role, which may be left out; raises InputError for one that is not known."""
    if text and text not in _ROLES:
        raise InputError(f"the role is {text!r}; allowed: {', '.join(_ROLES)}")
    return _ROLES.get(text, Role.NONE)


def aligned(texts: Sequence[str]) -> dict[str, str]:
    """Read where curves are zero: a state for a step; raises InputError for what is not ``step.state``."""
    pairs = [text.partition(".") for text in texts]
    if any(not step or not state for step, _, state in pairs):
        raise InputError(f"--align is {', '.join(texts)}; write STEP.STATE, for example freeze.freezing")
    return {step: state.replace("_", " ") for step, _, state in pairs}


def gathered(wanted: Sequence[Named], how: How) -> list[Side]:
    """Read the batches, each from its site; raises InputError for one that is not there or named twice."""
    several = Counter(one.batch for one in wanted)
    found = []
    for one in wanted:
        if not where.of_site(one.folder).exists():
            raise InputError(f"{one.folder} has no ledger; name a batch of another site as BATCH@DIR")
        label = one.batch if several[one.batch] == 1 else f"{one.batch}@{one.folder.name}"
        with Reader(one.folder) as reader:
            reader.pin()  # its owner may go on meanwhile
            story, blobs = Story(reader, one.batch), Blobs(one.folder / "blobs", sync=False)
            curves = {step: trends(events, blobs) for step, events in story.steps.items()}
            found.append(side(story, curves, label=label, role=one.role, how=how))
    twice = [name for name, number in Counter(one.label for one in found).items() if number > 1]
    if twice:
        raise InputError(f"{', '.join(twice)} is named twice; name each batch once")
    return found


@click.command(
    "compare", epilog="Example: cellwright compare sending=B-1@site-a receiving=B-1@site-b --cqa '*.viability'"
)
@click.argument("batches", nargs=-1, required=True, metavar="[ROLE=]BATCH[@DIR]...")
@site
@click.option("--cpp", multiple=True, metavar="STEP.NAME", help="A critical process parameter; * stands for any text.")
@click.option("--cqa", multiple=True, metavar="STEP.NAME", help="A critical quality attribute; as --cpp.")
@click.option("--align", multiple=True, metavar="STEP.STATE", help="Where curves of a step are zero.")
@click.option("--margin", "margins", multiple=True, metavar="STEP.NAME=VALUE", help="Test it for equivalence (TOST).")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with plots.")
@click.option("--csv", type=click.Path(path_type=Path, dir_okay=False), help="Write the rows, one for each batch.")
@click.option("--parquet", type=click.Path(path_type=Path, dir_okay=False), help="Write the rows as Parquet.")
@click.option(
    "--curves",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the curves; as Parquet when the name ends in .parquet.",
)
@as_json
@session
def command(  # noqa: PLR0913  as options
    session: Session,
    /,
    batches: tuple[str, ...],
    folder: Path,
    *,
    cpp: tuple[str, ...],
    cqa: tuple[str, ...],
    align: tuple[str, ...],
    margins: tuple[str, ...],
    as_json: bool,
    **files: Path | None,
) -> None:
    """Put batches side by side: parameters that differ, results, yields, times and curves."""
    if len(batches) < _FEWEST:
        raise click.UsageError("two batches at least are needed")
    operations: Mapping[str, OperationSpec] = session.opener.operations()
    found = compare(
        gathered([named(text, folder) for text in batches], How(aligned(align), operations)), Classes(cpp, cqa)
    )
    tested = equivalences(found, [margin_of(text) for text in margins])
    sizes = {
        str(path): write_whole(path, _bytes(found, tested, form, path))
        for form, path in files.items()
        if path is not None
    }
    if as_json:
        emit({**_data(found), "equivalence": tested})
        return
    click.echo("\n".join([_page(found), *(one.sentence for one in tested)]))
    for name, size in sizes.items():
        click.echo(f"{name}: {size} bytes")


def _bytes(found: Comparison, tested: Sequence[Judged], form: str, path: Path) -> bytes:
    if form == "html":
        return written.page(found, tested)
    of_rows = form != "curves"
    heads = written.ROWS if of_rows else written.CURVES
    lines = written.row_lines(found) if of_rows else written.curve_lines(found)
    if form == "parquet" or (form == "curves" and path.suffix == ".parquet"):
        return parquet(heads, lines, simulated=any(one.simulated for one in found.sides))
    return written.comma_separated(heads, lines)


def _page(found: Comparison) -> str:
    mark = "SIMULATED " if any(one.simulated for one in found.sides) else ""
    told = [f"{mark}comparison of {len(found.sides)} batches"]
    told += [f"  {one.label} ({one.role}): {', '.join(written.said_of(one))}" for one in found.sides]
    heads = ("class", "kind", "what", "unit", *(one.label for one in found.sides), "band")
    told.append(table(heads, (_cells(one) for one in found.rows)))
    hows = dict.fromkeys(one.band.how for one in found.rows if one.band is not None)
    outside = sum(sum(one.outside) for one in found.rows)
    told.append(
        f"{outside} values marked * lie outside the band ({', '.join(hows)} reference batches)"
        if hows
        else "no bands: they need two reference batches at least (historical=BATCH, else sending=BATCH)"
    )
    return "\n".join(told)


def _cells(one: Row) -> tuple[str, ...]:
    pairs = zip(one.values, one.outside, strict=True)
    values = (f"{written.text(one, value)}{'*' if outside else ''}" for value, outside in pairs)
    unit = "" if one.kind is Kind.TIME else one.unit
    return (one.weight, one.kind, one.where, unit, *values, written.band_text(one))


def _data(found: Comparison) -> dict[str, object]:
    return {
        "simulated": any(one.simulated for one in found.sides),
        "batches": [
            {
                "batch": one.label,
                "role": one.role,
                "recipe": one.recipe,
                "site": one.site,
                "simulated": one.simulated,
                "ended_as": one.ended_as,
            }
            for one in found.sides
        ],
        "rows": [
            {
                "class": one.weight,
                "kind": one.kind,
                "where": one.where,
                "unit": one.unit,
                "values": one.values,
                "outside": one.outside,
                "band": one.band,
            }
            for one in found.rows
        ],
        "curves": [{"where": one.where, "unit": one.unit, "band": one.how} for one in found.overlays],
    }


COMMANDS = {"compare": command}
