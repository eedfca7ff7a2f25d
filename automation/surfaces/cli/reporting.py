"""``report``: the trend report of a series for a period: drawn from the ledger, frozen by its hash, shown as signed."""

import re
from hashlib import sha256
from pathlib import Path

import click

from automation.gmp.quality.trend_reports import Concluded, TrendReports
from automation.kernel.clock import iso
from automation.kernel.errors import DamagedError, FailedError, InputError
from automation.kernel.files import write_whole
from automation.ledger.read import Reader
from automation.surfaces.cli.asking import looked
from automation.surfaces.cli.common import Session, as_json, emit, mark, session, site
from automation.surfaces.cli.doubt import now_of
from automation.surfaces.cli.quality import check_outside
from automation.surfaces.cli.sealing import check_form, seal, sealer
from automation.surfaces.documents.trend_report import WRITERS, Signed, to_seal
from automation.views.objects import Objects
from automation.views.trend_report import TrendReport, draw, read, series_of, since

FOLDER = Path("frozen") / "reports"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@click.command(epilog="Example: cellwright report CPV-1 --period 2026-Q1 --freeze -o cpv.pdf --site ./site-a")
@click.argument("series")
@site
@click.option("--period", default="", help="2026-01, 2026-Q1 or 2026; else the one that is next.")
@click.option("--freeze", "freezing", is_flag=True, help="Keep the report under its hash, which a conclusion states.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File: .json, .html or .pdf.")
@seal
@as_json
@session
def report(  # noqa: PLR0913  as options
    session: Session,
    series: str,
    folder: Path,
    *,
    period: str,
    freezing: bool,
    output: Path | None,
    sealing: bool,
    as_json: bool,
) -> None:
    """Draw the trend report of a series for a period: charts, signals, capability, causes, changes.

    One that was concluded is shown as it was frozen, with what the ledger says otherwise since; exit status 1 when that
    is not what was signed.
    """
    form = _form(output, folder, sealing=sealing)
    with looked(session, folder) as (file, objects):
        found = series_of(objects, series)
        period = period or found.period
        signed = found.concluded(period)
        if signed is not None and freezing:
            raise InputError(f"{series} is concluded for {period}, and stays what it is; leave --freeze out")
        now = now_of(file, objects)
        drawn = draw(objects, series, period=period, site=file.name, now=now)
        made, data = (drawn, drawn.data) if signed is None else _kept(folder, objects, found, signed)
        close = sealer(folder, file, last=objects.now) if sealing else None
        said = _said(signed, objects, changed=tuple(since(made, drawn)) if signed is not None else ())
    if freezing:
        place = _place(folder, series, period=period, digest=made.digest)
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, data)
    if output is not None:
        shown = data if form == ".json" else WRITERS[form](made, said)
        write_whole(output, close(to_seal(made, said)) if close else shown)
    _tell(made, said, freezing=freezing, output=output, as_json=as_json)


def _form(output: Path | None, folder: Path, *, sealing: bool) -> str:
    """Give how the file is written; raises InputError for another ending, and for a place of the site's own files."""
    if output is None:
        if sealing:
            raise InputError("--seal needs -o FILE.pdf")
        return ""
    form = output.suffix.lower()
    if form not in {*WRITERS, ".json"}:
        raise InputError(f"-o is {output}; a report is written as .json, .html or .pdf")
    check_form(form.removeprefix("."), sealing=sealing)
    check_outside(output, folder)
    return form


def _place(folder: Path, series: str, *, period: str, digest: str) -> Path:
    """Give the file of a frozen report; raises InputError for a series whose name no file may have."""
    if not _NAME.fullmatch(series):
        raise InputError(f"the series is {series!r}; its reports are kept as files: letters, digits, '.', '_' and '-'")
    return folder / FOLDER / f"{series}.{period}.{digest[:16]}.json"


def _kept(folder: Path, objects: Objects, found: TrendReports, signed: Concluded) -> tuple[TrendReport, bytes]:
    """Give the report that was signed, and its file; raises FailedError where that or the ledger is not what it was."""
    place = _place(folder, found.id, period=signed.said.period, digest=signed.said.sha256)
    name = f"the report of {found.id} for {signed.said.period}"
    if not place.exists():
        raise FailedError(f"{name} that was signed is not kept here: {place} is missing")
    data = place.read_bytes()
    digest = sha256(data).hexdigest()
    if digest != signed.said.sha256:
        raise FailedError(f"{name} is not what was signed: its SHA-256 is {digest}")
    try:
        made = read(data, where=str(place))
    except DamagedError as error:
        raise FailedError(f"{name} is not what was signed: {error}") from error
    if _head_at(objects.reader, made.seq) != made.head:
        raise FailedError(f"{name} is of another ledger: event {made.seq} is not the one that it was drawn at")
    return made, data


def _head_at(reader: Reader, seq: int) -> str:
    found = reader.hash_at(seq)
    return found.hex() if found is not None else ""


def _said(signed: Concluded | None, objects: Objects, *, changed: tuple[str, ...]) -> Signed:
    """Give the conclusion with printed name, meaning and time of each signature."""
    if signed is None:
        return Signed()
    whose = [(signed.author, "authored", signed.concluded_at)]
    if signed.approved_by:
        whose.append((signed.approved_by, "approved", signed.approved_at))
    lines = [
        f"{getattr(objects.find('person', who), 'name', '') or who} ({who}), {meaning}, {iso(at, zone=objects.zone)}"
        for who, meaning, at in whose
    ]
    waits = () if signed.approved_by else ("Not approved yet.",)
    actions = (f"What is done: {', '.join(signed.said.actions)}",) if signed.said.actions else ()
    return Signed(signed.said.conclusion, (*actions, *lines, *waits), bool(signed.approved_by), changed)


def _tell(made: TrendReport, said: Signed, *, freezing: bool, output: Path | None, as_json: bool) -> None:
    file = str(output) if output is not None else ""
    if as_json:
        signed = {"conclusion": said.conclusion, "signed": said.lines, "file": file, "frozen": freezing}
        signed |= {"approved": said.approved, "changed_since": said.changed}
        emit({"simulated": made.simulated, "sha256": made.digest, **signed, "report": made})
        return
    mark(made.site, simulated=made.simulated)
    click.echo(f"trend report {made.plan} of {made.recipe} for {made.period}: {len(made.batches)} batches")
    for one in made.measured:
        click.echo(f"{one.metric}: {one.new} of {len(one.numbers)} numbers are of the period")
    click.echo(f"{len(made.hits)} signals, {len(made.causes)} causes of deviations, {len(made.changes)} changes")
    click.echo(f"as of event {made.seq}, head {made.head}")
    click.echo(f"SHA-256 {made.digest}{', frozen' if freezing else ''}")
    for line in (said.conclusion or "not concluded", *said.lines, *([file] if file else [])):
        click.echo(line)
    for line in said.changed:
        click.echo(f"changed since: {line}")


COMMANDS = {"report": report}
