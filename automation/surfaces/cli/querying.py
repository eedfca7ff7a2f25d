"""``query``: questions to the tables of a site, and data sets that are frozen and read again."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from automation.kernel.errors import DamagedError, FailedError
from automation.kernel.files import write_whole
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, session, shortened, site, table
from automation.surfaces.documents.comparison import comma_separated
from automation.views.questions.asking import EVENTS, Answer, Question, ask, condition, measure
from automation.views.questions.frozen import Kept, freeze, read_again
from automation.views.questions.scatter import split_by
from automation.views.questions.tables import SOURCES, Tables
from automation.views.wording import show


@click.command(epilog="Example: cellwright query results --where 'name = viability' --of 'mean(value)' --group step")
@click.argument("source", required=False, default="")
@site
@click.option(
    "--where", multiple=True, metavar="'FIELD SIGN VALUE'", help="All have to hold: = != < <= > >= ~ (pattern)."
)
@click.option("--show", "fields", default="", metavar="FIELD,FIELD", help="Fields to show; else all.")
@click.option("--group", default="", metavar="FIELD,FIELD", help="One row for each group.")
@click.option("--of", multiple=True, metavar="'MEASURE(FIELD)'", help="mean, median, min, max, sum or sd of a field.")
@click.option(
    "--components",
    "split",
    default="",
    metavar="'VALUE by FIELD,FIELD'",
    help="Variance by nested groups, outer first.",
)
@click.option("--sort", default="", metavar="FIELD", help="Sort by a field; -FIELD the other way.")
@click.option("--freeze", "name", default="", metavar="NAME", help="Keep question, rows and ledger head under a name.")
@click.option("--frozen", default="", metavar="NAME", help="Read a data set that was frozen, and check it.")
@click.option("--csv", type=click.Path(path_type=Path, dir_okay=False), help="Write the rows with their events.")
@as_json
@session
def query(  # noqa: PLR0913  as options
    session: Session,
    /,
    source: str,
    folder: Path,
    *,
    where: tuple[str, ...],
    fields: str,
    group: str,
    of: tuple[str, ...],
    split: str,
    sort: str,
    name: str,
    frozen: str,
    csv: Path | None,
    as_json: bool,
) -> None:
    """Ask a table of the site; every row cites the events that it comes from."""
    if frozen:
        if source or where or fields or group or of or name:
            raise click.UsageError("--frozen reads a data set as it was asked; leave the question out")
        kept = _whole(folder, frozen)
        if split:
            _tell_split(kept.answer, split, simulated=kept.simulated, site=kept.site, as_json=as_json)
            return
        _tell(kept.answer, csv, kept, simulated=kept.simulated, site=kept.site, as_json=as_json)
        return
    if not source:
        _list(as_json=as_json)
        return
    question = Question(
        table=source,
        where=tuple(condition(text) for text in where),
        show=_names(fields),
        group=_names(group),
        of=tuple(measure(text) for text in of),
        sort=sort,
    )
    with looked(session, folder) as (file, objects):
        made = freeze(folder, name, reader=objects.reader, question=question) if name else None
        answer = made.answer if made else ask(question, Tables(objects)[source])
    if split:
        _tell_split(answer, split, simulated=file.simulated, site=file.name, as_json=as_json)
        return
    _tell(answer, csv, made, simulated=file.simulated, site=file.name, as_json=as_json)


def _whole(folder: Path, name: str) -> Kept:
    """Read a data set again; raises FailedError for one that is not what was frozen."""
    try:
        return read_again(folder, name)
    except DamagedError as error:
        raise FailedError(f"data set {name} is not what was frozen: {error}") from error


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _list(*, as_json: bool) -> None:
    if as_json:
        emit({"items": [{"table": name, "fields": fields} for name, (fields, _) in SOURCES.items()]})
        return
    click.echo(table(("table", "fields"), ((name, ", ".join(fields)) for name, (fields, _) in SOURCES.items())))


def _tell(  # noqa: PLR0913  what there is to tell
    answer: Answer, csv: Path | None, kept: Kept | None, *, simulated: bool, site: str, as_json: bool
) -> None:
    size = write_whole(csv, comma_separated((*answer.fields, EVENTS), _lines(answer))) if csv is not None else 0
    seal = {"name": kept.name, "seq": kept.seq, "head": kept.head, "sha256": kept.sha256} if kept else None
    if as_json:
        items = [{**row.values, EVENTS: row.events} for row in answer.rows]
        emit({"simulated": simulated, "frozen": seal, "items": items})
        return
    mark(site, simulated=simulated)
    cells = ((*(_cell(value) for value in line[:-1]), shortened(str(line[-1]), 40)) for line in _lines(answer))
    click.echo(table((*answer.fields, EVENTS), cells))
    if kept is not None:
        click.echo(f"data set {kept.name}: {len(kept.rows)} rows at event {kept.seq}, head {kept.head}")
        click.echo(f"SHA-256 {kept.sha256}")
    if csv is not None:
        click.echo(f"{csv}: {size} bytes")


def _tell_split(answer: Answer, text: str, *, simulated: bool, site: str, as_json: bool) -> None:
    """Tell the components of variance of what was asked, and the events that they rest on."""
    made = split_by(answer, text)
    if as_json:
        items = [{**asdict(one), "mean_square": one.mean_square} for one in made.components]
        emit({"simulated": simulated, "unit": made.unit, "values": made.number, "items": items, EVENTS: made.events})
        return
    mark(site, simulated=simulated)
    heads = ("between", "df", f"variance [({made.unit})^2]" if made.unit else "variance", "share", "p")
    lines = (
        (one.name, one.free, _cell(one.variance), f"{100 * one.share:.1f} %", _cell(one.probability))
        for one in made.components
    )
    click.echo(table(heads, lines))
    click.echo(f"{made.number} values; events {shortened(' '.join(map(str, made.events)), 60)}")


def _lines(answer: Answer) -> Iterator[tuple[object, ...]]:
    for row, line in zip(answer.rows, answer.lines(), strict=True):
        yield *line, " ".join(map(str, row.events))


def _cell(value: object) -> str:
    return "" if value is None else show(value)


COMMANDS = {"query": query}
