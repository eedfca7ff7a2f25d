"""One step of the record as blocks of a page; what the record does not hold is named in one line at the end."""

import re
from collections.abc import Iterator, Mapping

from automation.kernel.clock import iso
from automation.kernel.quantity import Instant
from automation.surfaces.documents.blocks import (
    BAD,
    CODE,
    GOOD,
    STRONG,
    AnyBlock,
    Column,
    Heading,
    Note,
    Pairs,
    Picture,
    Table,
    cell,
    row,
)
from automation.surfaces.documents.plots import draw
from automation.surfaces.documents.plots_of_weights import draw_fills, draw_weighings
from automation.surfaces.documents.writing import brief, digest, events, moment, names
from automation.views.record import Acceptance, BatchRecord, Judged, Step, Trend
from automation.views.wording import NOTHING, count, show, span

_GOOD_BANDS = frozenset({"within limits", "within", "pass"})
_ACT_ROWS = 300
_CELL = 160  # characters of a cell that a reader still takes in
_COLUMNS, _WORD = 9, 40  # of a list: columns, and characters of a word in one
_RAW_DIGITS = 10
_UNITS = "numbers in degC, K/min, s, mL, cells/mL"  # of every interface; the wire has its own
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d")
Blocks = Iterator[AnyBlock]


def step_blocks(record: BatchRecord, step: Step, number: int) -> Blocks:
    """Give the pages of one step."""
    yield Heading(1, f"Step {number}: {step.id}")
    yield _summary(record, step)
    yield from (Note(f"{said[:1].upper()}{said[1:]}.") for said in step.decisions)
    tables = (
        ("acceptance", tuple(block for one in step.acceptance for block in _acceptance(one))),
        ("results against limits", _judged(step)),
        ("plots", (*_plots(record, step), *_weights(record, step))),
        ("results", _results(step, zone=record.header.zone)),
        ("parameters", _parameters(step)),
        ("equipment", _equipment(step)),
        ("materials", _materials(step)),
        ("prompts", _prompts(record, step)),
        ("exchanges with devices", _acts(step)),
        ("process data", _trends(step.trends)),
        ("signatures", _signatures(step)),
    )
    for _, blocks in tables:
        yield from blocks
    missing = [name for name, blocks in tables if not blocks]
    if missing:
        yield Note(f"Not in this step: {', '.join(missing)}.")


def _summary(record: BatchRecord, step: Step) -> Pairs:
    passed = " → ".join(visit.state for visit in step.visits if not visit.within)
    aside = [f"{visit.within} at {moment(visit.entered)}" for visit in step.visits if visit.within]
    return Pairs(
        (
            ("Operation", cell(step.operation)),
            ("Ended as", cell(f"{step.state} ({step.stage})", STRONG)),
            ("Begun", cell(moment(step.begun))),
            ("Ended", cell(f"{moment(step.ended)}, after {span(step.duration_s)}" if step.ended else "not yet")),
            ("Performed by", cell(names(record, step.performed_by) if step.performed_by else "the program alone")),
            ("Verified by", cell(names(record, step.verified_by) if step.verified_by else NOTHING)),
            ("States passed", cell(f"{passed} → {step.state}" if passed else NOTHING)),
            ("Interrupted by", cell("; ".join(aside) or NOTHING)),
        )
    )


def _acceptance(one: Acceptance) -> Iterator[Note | Table]:
    columns = (
        Column("Criterion", mm=30), Column("Found", mm=22, align="right"), Column("Limit", share=3),
        Column("Met", mm=18), Column("In words", share=5), Column("Event", mm=11, align="right"),
    )  # fmt: skip
    words = {True: cell("yes"), False: cell("NO", BAD), None: cell("not evaluable", BAD)}
    rows = tuple(
        row(c.name, _number(c.value, c.unit), c.limit or NOTHING, words[c.met], c.sentence, c.event)
        for c in one.criteria
    )
    accepted = one.verdict == "pass"
    yield Note(
        "Accepted: every criterion is met." if accepted else f"NOT accepted: {one.verdict}.", GOOD if accepted else BAD
    )
    yield Table(columns, rows, "Acceptance")


def _result(one: Judged) -> str:
    name = one.what.replace("_", " ")
    return f"{name} (yield)" if one.kind == "yield" else name


def _raw(text: str) -> str:
    """Write a raw number without what only the binary form has; the JSON keeps it as it is."""
    try:
        return f"{float(text):.{_RAW_DIGITS}g}" if len(text) > _RAW_DIGITS else text
    except ValueError:
        return text


def _number(value: str, unit: str) -> str:
    """Write a value with its unit; what has no value has no unit."""
    return value if value == NOTHING else f"{value} {unit}".strip()


def _unit(unit: str) -> str:
    """Write a unit; counts and ratios have none to show."""
    return NOTHING if unit in {"", "1"} else unit


def _judged(step: Step) -> tuple[Table, ...]:
    columns = (
        Column("Result", share=2), Column("Raw", mm=28, align="right"), Column("Reported", mm=26, align="right"),
        Column("Limit", share=2), Column("Stands", mm=24), Column("In words", share=5),
        Column("Event", mm=11, align="right"),
    )  # fmt: skip
    rows = tuple(
        row(
            _result(one), _raw(one.raw), _number(one.reported, one.unit),
            one.limit or NOTHING, cell(one.band, "" if one.band in _GOOD_BANDS else BAD), one.sentence, one.event,
        )
        for one in step.judged
    )  # fmt: skip
    return (Table(columns, rows, "Results and yields against limits"),) if rows else ()


def _plots(record: BatchRecord, step: Step) -> Iterator[Picture]:
    for chart in step.charts:
        channels = ", ".join(chart.channels)
        caption = f"{chart.title}: {channels}" + (f"; shaded: {chart.band_text}" if chart.band_text else "")
        yield Picture(draw(chart, step.trends, zone=record.header.zone), f"{chart.title} of step {step.id}", caption)


def _weights(record: BatchRecord, step: Step) -> Iterator[Picture]:
    if step.fills:
        aimed = any(one.target_g is not None for one in step.fills)
        caption = "Mass weighed into each container" + (", beside target and tolerance" if aimed else "")
        yield Picture(draw_fills(step.fills), f"Filled masses of step {step.id}", caption)
    if step.weighings:
        assets = ", ".join(dict.fromkeys(one.asset for one in step.weighings))
        caption = f"Weights of whole containers on {assets}, bag and contents"
        yield Picture(draw_weighings(step.weighings, zone=record.header.zone), f"Weights of step {step.id}", caption)


def _results(step: Step, *, zone: str) -> tuple[Table, ...]:
    columns = (
        Column("Result", share=2), Column("Value", share=6), Column("Unit", mm=18),
        Column("Event", mm=11, align="right"),
    )  # fmt: skip
    lists = {one.name: lines for one in step.results if (lines := _listed(one.value))}
    rows = tuple(
        row(
            one.name.replace("_", " "),
            f"{len(lists[one.name])}, listed below" if one.name in lists else brief(_moment(one.text), _CELL),
            _unit(one.unit),
            one.event,
        )
        for one in step.results
    )
    tables = (Table(columns, rows, "Results for later steps"),) if rows else ()
    return (*tables, *(_list(name, lines, zone=zone) for name, lines in lists.items()))


def _listed(value: object) -> tuple[Mapping[str, object], ...]:
    """Give the lines of a result that is a list of structures; none for any other, and for a single one."""
    lines = tuple(one for one in value if isinstance(one, Mapping)) if isinstance(value, list | tuple) else ()
    return lines if len(lines) > 1 else ()


def _list(name: str, lines: tuple[Mapping[str, object], ...], *, zone: str) -> Table:
    """Give a result that is a list as a table of its own: its single values that are not the same throughout."""
    parts = dict.fromkeys(part for one in lines for part in one)
    single = [part for part in parts if all(_is_short(one.get(part)) for one in lines)]
    differ = [part for part in single if len({str(one.get(part)) for one in lines}) > 1]
    told = (differ or single)[:_COLUMNS]
    heads = tuple(Column(part.replace("_", " "), share=1.0) for part in told)
    rows = tuple(row(*(_part(part, one.get(part), zone=zone) for part in told)) for one in lines)
    return Table(heads, rows, f"{name.replace('_', ' ').capitalize()}, in part; whole in the JSON")


def _is_short(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= _WORD)


def _part(name: str, value: object, *, zone: str) -> str:
    if name == "at" and isinstance(value, float):
        return moment(iso(Instant(value), zone=zone))
    return show(value)


def _parameters(step: Step) -> tuple[Table, ...]:
    columns = (
        Column("Parameter", share=2), Column("As the recipe says", share=4), Column("Value", share=4),
        Column("Unit", mm=16), Column("From event", mm=17, align="right"),
    )  # fmt: skip
    rows = tuple(
        row(
            one.name.replace("_", " "),
            one.text or NOTHING,
            _value(one.value),
            _unit(one.unit),
            one.source or "recipe",
        )
        for one in step.parameters
    )
    return (Table(columns, rows, "Parameters"),) if rows else ()


def _value(value: object) -> str:
    """Write a single value; a structure stands beside it as written, with the units of its fields."""
    return "as written" if isinstance(value, dict | list) else show(value)


def _moment(text: str) -> str:
    return moment(text) if _ISO.fullmatch(text) else text


def _equipment(step: Step) -> tuple[Table, ...]:
    columns = (
        Column("Role", mm=18), Column("Asset", share=2), Column("Maker, model", share=3), Column("Serial", share=2),
        Column("Firmware", mm=16), Column("Driver", share=3), Column("Calibration due", mm=20),
        Column("Qualified until", mm=20),
    )  # fmt: skip
    rows = tuple(
        row(
            one.role, one.asset, f"{one.maker} {one.model}".strip() or NOTHING, one.serial or NOTHING,
            one.firmware or NOTHING, f"{one.driving}, {one.support}: {one.driver or NOTHING}",
            moment(one.calibration_due), moment(one.qualification_due),
        )
        for one in step.equipment
    )  # fmt: skip
    return (Table(columns, rows, "Equipment"),) if rows else ()


def _materials(step: Step) -> tuple[Table, ...]:
    columns = (
        Column("Material", share=2), Column("Lot", share=2), Column("What", share=3), Column("Supplier", share=2),
        Column("Expiry", mm=20), Column("State", mm=18), Column("Used", mm=20, align="right"),
    )  # fmt: skip
    rows = tuple(
        row(one.material or NOTHING, one.lot, one.what, one.supplier, one.expiry, one.state, one.used)
        for one in step.materials
    )
    return (Table(columns, rows, "Materials"),) if rows else ()


def _prompts(record: BatchRecord, step: Step) -> tuple[Table, ...]:
    columns = (
        Column("Time", mm=20), Column("Asked", share=4), Column("Answer", share=4), Column("By", share=2.2),
        Column("Verified by", share=2.2), Column("Events", mm=15, align="right"),
    )  # fmt: skip
    rows = tuple(
        row(
            moment(one.at), f"{one.kind}: {one.text}", one.answer + (f" ({one.comment})" if one.comment else ""),
            names(record, (one.by,)) if one.by else cell(one.state, STRONG),
            names(record, (one.verified_by,)) if one.verified_by else NOTHING, events(one.events),
        )
        for one in step.prompts
    )  # fmt: skip
    return (Table(columns, rows, "What people were asked and answered"),) if rows else ()


def _acts(step: Step) -> tuple[Table, ...]:
    columns = (
        Column("Time", mm=20), Column("Kind", mm=10), Column("What", share=2.4), Column("With", share=4),
        Column("Outcome", share=4), Column("Status", mm=17), Column("Events", mm=15, align="right"),
    )  # fmt: skip
    rows = [
        row(
            moment(one.at), one.kind, one.what, brief(one.arguments, _CELL, counted=False),
            brief(one.outcome or NOTHING, _CELL, counted=False),
            cell(f"{one.status}, {count(one.attempts, 'attempt')}" if one.attempts > 1 else one.status,
                 "" if one.status == "done" else STRONG),
            events(one.events),
        )
        for one in step.acts
    ]  # fmt: skip
    parts = [tuple(rows[start : start + _ACT_ROWS]) for start in range(0, len(rows), _ACT_ROWS)]
    return tuple(
        Table(columns, part, "Exchanges with devices, and waits (degC, K/min, s, mL, cells/mL; … is whole in the JSON)")
        for part in parts
    )


def _trends(trends: tuple[Trend, ...]) -> tuple[Table, ...]:
    columns = (
        Column("Channel", share=3), Column("Unit", mm=14), Column("Readings", mm=18, align="right"),
        Column("Gaps", mm=12, align="right"), Column("Lowest", mm=18, align="right"),
        Column("Highest", mm=18, align="right"), Column("Digest of the values", share=3),
        Column("Events", mm=15, align="right"),
    )  # fmt: skip
    rows = []
    for trend in trends:
        some = [value for value in trend.values if value is not None]
        low, high = (f"{min(some):.2f}", f"{max(some):.2f}") if some else (NOTHING, NOTHING)
        digests = ", ".join(digest(chunk.digest) for chunk in trend.chunks)
        gaps = len(trend.values) - trend.readings
        seqs = events(chunk.event for chunk in trend.chunks)
        rows.append(row(trend.channel, trend.unit, trend.readings, gaps, low, high, cell(digests, CODE), seqs))
    return (Table(columns, tuple(rows), "Process data"),) if rows else ()


def _signatures(step: Step) -> tuple[Table, ...]:
    columns = (
        Column("Printed name", share=2), Column("Meaning", mm=22), Column("Time, zone", share=3),
        Column("Signed", share=4),
        Column("Event", mm=11, align="right"), Column("Hash of the event", mm=27),
    )  # fmt: skip
    rows = tuple(
        row(
            cell(one.name, STRONG), one.meaning, f"{moment(one.at)} {one.zone}", one.signed, one.seq,
            cell(digest(one.event_hash), CODE),
        )
        for one in step.signatures
    )  # fmt: skip
    return (Table(columns, rows, "Signatures"),) if rows else ()
