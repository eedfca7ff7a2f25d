"""From the batch record to a document: the first page, the steps, the trail, and what proves it.

Times are shown to the second with their offset from UTC; the JSON keeps milliseconds.
"""

from collections.abc import Iterator

from automation.surfaces.documents.blocks import (
    BAD,
    CODE,
    GOOD,
    PLAIN,
    STRONG,
    WARN,
    AnyBlock,
    Cell,
    Column,
    Document,
    Heading,
    Note,
    Pairs,
    Seal,
    Source,
    Table,
    Title,
    cell,
    row,
)
from automation.surfaces.documents.codes import data_matrix
from automation.surfaces.documents.compose_product import product_blocks
from automation.surfaces.documents.compose_steps import step_blocks
from automation.surfaces.documents.writing import brief, digest, events, moment, names
from automation.views.record import Amendment, BatchRecord, Finding
from automation.views.wording import NOTHING, count, span

_TRAIL_ROWS = 400  # of one table; longer ones cost the typesetter more than they help the reader
_SAID = 100  # characters of an event's own words in the audit trail
Blocks = Iterator[AnyBlock]


def compose(record: BatchRecord) -> Document:
    """Give the whole document."""
    header = record.header
    told = {"SIMULATED": record.simulated, "DRAFT": record.draft, "LEDGER NOT INTACT": not record.proof.intact}
    marks = tuple(mark for mark, holds in told.items() if holds)
    title = ", ".join((f"Batch record {header.batch}", *marks))
    return Document(
        title=title,
        head=f"Batch record {header.batch}  |  {header.recipe} version {header.recipe_version}  |  {header.product}",
        marks=marks,
        foot=f"head {record.proof.head[:16]} at event {record.proof.head_seq}  |  as of {moment(record.drawn)}",
        date=record.drawn,
        language="en",
        blocks=(
            *_front(record),
            *(block for number, step in enumerate(record.steps, 1) for block in step_blocks(record, step, number)),
            *product_blocks(record),
            *_appendix(record),
            *_proof(record),
        ),
    )


def _front(record: BatchRecord) -> Blocks:
    header = record.header
    below = f"{header.recipe} version {header.recipe_version}, {header.product}"
    yield Title(f"Batch record {header.batch}", below, record.proof.head, data_matrix(record.proof.head))
    if record.simulated:
        yield Note("SIMULATED. Made on fake devices in simulated time; no evidence of anything real.", BAD)
    if record.draft:
        yield Note("DRAFT. The batch is not closed: what follows may still change.", WARN)
    yield _identity(record)
    waiting = any(one.is_open for one in record.findings)
    yield Note(record.verdict, WARN if waiting or record.findings else GOOD)
    yield Heading(2, f"Exceptions: {sum(one.times for one in record.findings)}")
    yield Note(record.checked)
    if record.findings:
        yield _exceptions(record.findings)
    yield _glance(record)
    yield _rules(record)


def _identity(record: BatchRecord) -> Pairs:
    header = record.header
    containers = ", ".join(one.id for one in record.containers) or NOTHING
    status = f"{header.recipe} version {header.recipe_version} ({header.recipe_status})"
    return Pairs(
        (
            ("Product", cell(header.product, STRONG)),
            ("Chain of identity", cell(header.identity, STRONG)),
            ("Recipe", cell(status)),
            ("Recipe digest", cell(digest(header.recipe_digest), CODE)),
            ("Lot type", cell(header.lot_type)),
            ("Containers", cell(containers)),
            ("Site", cell(f"{header.site}, {header.zone}")),
            ("State", cell(f"{header.ended_as}, {header.state}" if header.closed else header.state, STRONG)),
            ("Issued", cell(f"{moment(header.issued)} by {names(record, (header.issued_by,))}")),
            (
                "Program release",
                cell(header.release if header.seed is None else f"{header.release}, seed {header.seed}"),
            ),
            ("From", cell(moment(header.started))),
            ("To", cell(moment(header.ended))),
            ("Reviewed by", cell(names(record, (header.reviewed_by,)) if header.reviewed_by else "not yet")),
            ("Configuration", cell(f"event {header.configuration}" if header.configuration else NOTHING)),
        )
    )


def _exceptions(found: tuple[Finding, ...]) -> Table:
    columns = (
        Column("No", mm=7, align="right"),
        Column("Time", mm=20),
        Column("Rule", mm=9),
        Column("Step", mm=16),
        Column("What", share=5),
        Column("How it ended", share=4),
        Column("Events", mm=15, align="right"),
    )
    return Table(columns, tuple(_exception(number, one) for number, one in enumerate(found, 1)))


def _exception(number: int, one: Finding) -> tuple[Cell, ...]:
    tone, outcome = (STRONG, f"OPEN: {one.outcome}".removesuffix(": open")) if one.is_open else ("", one.outcome)
    step = one.step or "batch"
    what = f"{one.what} ({one.times} times)" if one.times > 1 else one.what
    return row(number, moment(one.at), one.rule, step, cell(what, tone), cell(outcome, tone), events(one.events))


def _glance(record: BatchRecord) -> Table:
    columns = (
        Column("No", mm=7, align="right"), Column("Step", share=2), Column("Ended as", share=2), Column("Begun", mm=20),
        Column("Took", mm=20, align="right"), Column("Performed by", share=3), Column("Verified by", share=3),
        Column("Within limits", mm=20, align="right"), Column("Exceptions", mm=17, align="right"),
    )  # fmt: skip
    rows = []
    for number, step in enumerate(record.steps, 1):
        met = [one.band == "within limits" for one in step.judged]
        met += [one.met is True for test in step.acceptance for one in test.criteria]
        found = sum(one.times for one in record.findings if one.step == step.id)
        rows.append(
            row(
                number, step.id, f"{step.state} ({step.stage})", moment(step.begun), span(step.duration_s),
                names(record, step.performed_by), names(record, step.verified_by),
                f"{sum(met)} of {len(met)}" if met else NOTHING, cell(found or "none", STRONG if found else ""),
            )
        )  # fmt: skip
    return Table(columns, tuple(rows), "Steps")


def _rules(record: BatchRecord) -> Table:
    columns = (
        Column("Rule", mm=9),
        Column("Name", mm=26),
        Column("What counts as an exception", share=5),
        Column("Checked", share=3),
        Column("Found", mm=11, align="right"),
    )
    rows = tuple(
        row(rule.id, rule.name, rule.definition, rule.checked, cell(rule.found or "none", STRONG if rule.found else ""))
        for rule in record.rules
    )
    return Table(columns, rows, "Rules that define exceptions, and what was checked")


def _appendix(record: BatchRecord) -> Blocks:
    yield Heading(1, "Time limits, people, signatures")
    if record.limits:
        columns = (
            Column("Limit", share=2), Column("Rule", share=3), Column("Started", mm=20), Column("Due", mm=20),
            Column("Ended", mm=20), Column("Outcome", mm=18), Column("Events", mm=15, align="right"),
        )  # fmt: skip
        rows = tuple(
            row(
                one.what, one.rule, moment(one.started), moment(one.due), moment(one.ended),
                cell(one.state, "" if one.state == "met" else STRONG), events(one.events),
            )
            for one in record.limits
        )  # fmt: skip
        yield Table(columns, rows, "Time limits")
    yield from _people(record)
    yield from _master(record)
    yield Heading(1, "Audit trail")
    number = count(len(record.trail), "event")
    yield Note(f"{number} in the order of the ledger; hashes and long texts cut (…), whole in the JSON.")
    yield from _trail(record)


def _master(record: BatchRecord) -> Blocks:
    master, header = record.master, record.header
    yield Heading(1, f"Recipe {header.recipe} version {header.recipe_version}")
    if master.problem:
        yield Note(f"The copy can't be shown: {master.problem}.", BAD if master.file else PLAIN)
        return
    yield Note(
        f"Copy of the master, byte for byte; SHA-256 of the file {master.file}, as the issue of the batch cites it."
    )
    yield Source(tuple(master.text.splitlines()))
    for one in record.amendments:
        yield from _amendment(one)


def _amendment(one: Amendment) -> Blocks:
    """Give a planned amendment: what differs in words, who stands for it, and the recipe that came of it."""
    yield Heading(2, f"Planned amendment {one.number}: {one.stage}")
    signed = f"Proposed by {one.author} {moment(one.proposed)}: {one.reason}"
    approved = f"; approved by {one.approved_by} {moment(one.approved)}" if one.approved else ""
    force = f"; in force from {moment(one.in_force)}" if one.in_force else ""
    yield Note(f"{signed}{approved}{force}{f'; {one.why}' if one.why else ''}.", "" if one.in_force else STRONG)
    yield Table(
        (Column("What differs for the steps that had not begun", share=1),),
        tuple(row(said) for said in one.differences),
    )
    if one.in_force:
        yield Note(f"The amended recipe, whole; SHA-256 of the file {one.recipe.file}.")
        yield Source(tuple(one.recipe.text.splitlines()))


def _people(record: BatchRecord) -> Iterator[Table | Note]:
    if record.people:
        columns = (Column("Printed name", share=2), Column("Account", share=1), Column("Roles", share=3))
        rows = tuple(row(one.name, one.id, ", ".join(one.roles)) for one in record.people)
        yield Table(columns, rows, "Persons who acted or signed")
    if not record.signatures:
        yield Note("No signatures in this record.")
        return
    yield signatures_table(record)


def signatures_table(record: BatchRecord) -> Table:
    """Give every signature with name, meaning, time, and what it is bound to."""
    columns = (
        Column("Printed name", share=2), Column("Meaning", mm=18), Column("Time", mm=20), Column("Signed", share=4),
        Column("Event", mm=11, align="right"), Column("Hash of the event", mm=24), Column("Hash of the view", mm=24),
    )  # fmt: skip
    rows = tuple(
        row(
            cell(one.name, STRONG), one.meaning, moment(one.at), one.signed, one.seq,
            cell(digest(one.event_hash), CODE),
            cell(digest(one.shown) if one.shown else "not recorded", CODE if one.shown else ""),
        )
        for one in record.signatures
    )  # fmt: skip
    return Table(columns, rows, "Electronic signatures")


def _trail(record: BatchRecord) -> Iterator[Table]:
    columns = (
        Column("Event", mm=11, align="right"), Column("Time", mm=20), Column("Record", share=2.2),
        Column("What", mm=17),
        Column("Who", mm=22), Column("Said", share=5), Column("Hash", mm=14),
    )  # fmt: skip
    own = f"batch/{record.header.batch}/"
    rows = [
        row(
            one.seq, moment(one.at), f"{one.stream.removeprefix(own)} v{one.version}", one.kind,
            f"{one.by} at {one.terminal}" if one.terminal else one.by, brief(one.said, _SAID, counted=False),
            cell(one.hash[:8], CODE),
        )
        for one in record.trail
    ]  # fmt: skip
    for start in range(0, len(rows), _TRAIL_ROWS):
        yield Table(columns, tuple(rows[start : start + _TRAIL_ROWS]))


def _proof(record: BatchRecord) -> Blocks:
    proof, batch = record.proof, record.header.batch
    intact = "intact" if proof.intact else f"NOT intact: {proof.first_bad}"
    signed = f"signed by key {proof.key} up to event {proof.signed_to}" if proof.key else "not signed yet"
    head = f"Hash of the last event, {proof.head_seq}; nobody has signed it yet."
    if proof.key:
        head = f"Head hash of event {proof.head_seq}, {moment(proof.head_at)}: all of this record stands under it."
    checked = f"verify said of the ledger ({count(proof.events, 'event')}): {intact}; {signed}"
    lines = (
        head,
        f"{checked}; anchored up to event {proof.anchored_to}.",
        f"Ledger {record.header.ledger}; site {record.header.site}.",
        *(f"What this check can't see: {note}." for note in proof.notes),
        "To check against the site: cellwright verify SITE --head HASH, with the hash above.",
        f"To check without the site: cellwright record {batch} --format json -o FILE, then cellwright verify FILE.",
    )
    yield Heading(1, "What proves this record")
    yield Seal(proof.head, data_matrix(proof.head), lines)
