"""The batch record: everything that the ledger holds of one batch, as one tree of values; read-only.

Units:  see ``record``. It knows no clock but the ledger's: the same ledger gives the same record.
Source: 21 CFR 211.188, 211.192, 11.10(b); design: review by exception.
"""

from collections.abc import Iterator

from automation.kernel.errors import DamagedError, InputError
from automation.ledger.blobs import Blobs
from automation.ledger.event import Mode
from automation.ledger.head import key_id
from automation.ledger.read import Reader
from automation.ledger.verify import verify
from automation.views import record
from automation.views import record_of_product as product
from automation.views.audit_trail import audit_trail
from automation.views.finding import Shown
from automation.views.findings import findings
from automation.views.genealogy import genealogy
from automation.views.labels import labels
from automation.views.people import signatures_of
from automation.views.reconciliation import reconciliations
from automation.views.step_record import step_record
from automation.views.story import Story
from automation.views.trends import Files
from automation.views.wording import count, stamp

BatchRecord = record.BatchRecord


def batch_record(reader: Reader, blobs: Blobs, batch: str) -> record.BatchRecord:
    """Give the record of a batch as the ledger now stands; raises InputError for a batch that it does not know."""
    story = Story(reader, batch)
    last = reader.last
    return draw(story, blobs, as_of=last.seq, drawn=last.at, proof=_proof(reader, story))


def draw(story: Story, files: Files, *, as_of: int, drawn: int, proof: record.Proof) -> record.BatchRecord:
    """Give the record of a story; ``as_of`` and ``drawn`` (us) are the last event that was looked at."""
    steps = tuple(step_record(story, name, files) for name in story.steps)
    master = _master(story, files)
    balances, printed = reconciliations(story), labels(story, files)
    rules, found = findings(story, Shown(steps, master, balances, printed))
    draft = story.batch.now.state != "closed"
    return record.BatchRecord(
        simulated=story.genesis.mode is Mode.SIMULATED,
        draft=draft,
        as_of=as_of,
        drawn=stamp(drawn, zone=story.zone),
        header=_header(story),
        verdict=_verdict(story, steps, found, balances),
        checked=_checked(steps, found),
        rules=rules,
        findings=found,
        master=master,
        containers=genealogy(story),
        reconciliation=balances,
        labels=printed,
        people=tuple(record.Person(told.id, told.now.name, told.now.roles) for told in story.people),
        limits=tuple(_limits(story)),
        steps=steps,
        signatures=signatures_of(story, None),
        trail=audit_trail(story.trail, zone=story.zone),
        proof=proof,
        amendments=tuple(_amendments(story, files)),
    )


def _header(story: Story) -> record.Header:
    now, zone = story.batch.now, story.zone
    issue = now.issue
    closed = next((event.at for event, _ in story.batch.of("close")), None)
    issued = next((event.at for event, _ in story.batch.of("issue")), None)
    return record.Header(
        batch=story.id,
        product=issue.product if issue else "",
        identity=now.identity,
        lot_type=now.lot_type,
        state=now.state,
        recipe=issue.recipe if issue else "",
        recipe_version=issue.recipe_version if issue else "",
        recipe_digest=issue.recipe_digest if issue else "",
        recipe_status=issue.recipe_status if issue else "",
        site=story.genesis.site,
        zone=zone,
        ledger=story.genesis.ledger,
        release=issue.release if issue else "",
        site_digest=issue.site_digest if issue else "",
        issued_by=now.issued_by,
        issued=stamp(issued, zone=zone),
        started=stamp(now.started_at, zone=zone),
        ended=stamp(now.ended_at, zone=zone),
        closed=stamp(closed, zone=zone),
        ended_as=_ended_as(story),
        reviewed_by=now.reviewed_by,
        seed=issue.seed if issue else None,
        configuration=story.configuration.seq if story.configuration else 0,
        operations=dict(issue.operations) if issue else {},
    )


def _ended_as(story: Story) -> str:
    """Give how the batch ended, which its being closed no longer shows; empty while it goes on."""
    states = [str(value.state) for value in story.batch.values]
    return next((state for state in reversed(states) if state in {"complete", "stopped", "aborted"}), "")


def _master(story: Story, files: Files) -> record.Master:
    """Give the copy of the recipe; 21 CFR 211.188(a)."""
    issue = story.batch.now.issue
    return _copy(issue.recipe_file if issue else "", files)


def _copy(name: str, files: Files) -> record.Master:
    if not name:
        return record.Master("", "", "no copy of the recipe's file was kept with the batch")
    try:
        return record.Master(name, files.get(name).decode())
    except (DamagedError, InputError, UnicodeDecodeError):
        return record.Master(name, "", f"the file {name} is missing or was changed")


def _amendments(story: Story, files: Files) -> Iterator[record.Amendment]:
    """Give every planned amendment; 21 CFR 211.100(b)."""
    for one in story.batch.now.amendments:
        stated = one.proposal
        moved = [
            event
            for event, fact in story.batch.of("propose", "amend", "withdraw", "adopt", "lapse")
            if getattr(fact.body, "number", 0) == stated.number
        ]
        at = {event.kind: stamp(event.at, zone=story.zone) for event in moved}
        yield record.Amendment(
            number=stated.number,
            stage=str(one.stage),
            reason=stated.reason,
            differences=stated.differences,
            author=one.author,
            approved_by=one.approved_by,
            recipe_version=stated.recipe_version,
            recipe_digest=stated.recipe_digest,
            recipe=_copy(stated.recipe_file, files),
            proposed=at.get("propose", ""),
            approved=at.get("amend", ""),
            in_force=at.get("adopt", ""),
            why=one.why,
            events=tuple(event.seq for event in moved),
        )


def _verdict(
    story: Story,
    steps: tuple[record.Step, ...],
    found: tuple[record.Finding, ...],
    balances: tuple[product.Reconciliation, ...],
) -> str:
    """Say how the batch stands; whether it is released is not for the record to say."""
    waiting = sum(one.times for one in found if one.is_open)
    beyond = sum(one.times for one in found if one.rule in {"E02", "E03"})
    tests = [test.verdict for step in steps for test in step.acceptance]
    ended = _ended_as(story)
    parts = [f"Batch {ended} and closed" if story.batch.now.state == "closed" else f"Batch {story.batch.now.state}"]
    parts += ["run accepted" if verdict == "pass" else f"run NOT accepted ({verdict})" for verdict in tests]
    parts.append(_within(steps, beyond))
    parts += [f"{one.quantity} NOT reconciled" for one in balances if one.closes is False]
    parts.append(f"{count(waiting, 'exception')} still open" if waiting else "no exception open")
    reviewed = story.batch.now.reviewed_by
    parts.append(f"reviewed by {reviewed}" if reviewed else "not yet reviewed")
    return "; ".join(parts) + "."


def _within(steps: tuple[record.Step, ...], beyond: int) -> str:
    if beyond:
        return f"{count(beyond, 'result')} or criteria beyond limits"
    judged = any(step.judged or step.acceptance for step in steps)
    return "all results within limits" if judged else "no result was judged"


def _checked(steps: tuple[record.Step, ...], found: tuple[record.Finding, ...]) -> str:
    judged = [one for step in steps for one in step.judged]
    criteria = [one for step in steps for test in step.acceptance for one in test.criteria]
    good = sum(one.band == "within limits" for one in judged) + sum(one.met is True for one in criteria)
    samples = sum(trend.readings for step in steps for trend in step.trends)
    prompts = sum(len(step.prompts) for step in steps)
    return (
        f"{good} of {count(len(judged) + len(criteria), 'result')} and criteria within limits, "
        f"{count(samples, 'reading')} of process data, {count(prompts, 'entry', many='entries')} by people, "
        f"{count(sum(one.times for one in found), 'exception')}."
    )


def _limits(story: Story) -> list[record.TimeLimit]:
    return [
        record.TimeLimit(
            what=told.now.what,
            rule=told.now.rule,
            started=stamp(told.now.started_at, zone=story.zone),
            due=stamp(told.now.due, zone=story.zone),
            ended=stamp(told.now.ended_at, zone=story.zone),
            state=told.now.state,
            events=tuple(event.seq for event in told.events),
        )
        for told in story.timers
    ]


def _proof(reader: Reader, story: Story) -> record.Proof:
    """Say what vouches for the record: the first signed head over all its events, and the check of the ledger.

    While no head covers them, as in a draft, the hash of the last event stands there, signed by nobody.
    """
    wanted = story.trail[-1].seq
    head = next((one for one in reader.heads() if one.said.seq >= wanted), None)
    said = verify(reader.file)
    last = reader.last
    return record.Proof(
        head=head.said.hash if head else last.hash.hex(),
        head_seq=head.said.seq if head else last.seq,
        head_at=stamp(head.said.at if head else last.at, zone=story.zone),
        key=key_id(head.said.key) if head else "",
        intact=said.intact,
        events=said.events,
        signed_to=said.signed_to,
        anchored_to=said.anchored_to,
        first_bad=f"event {said.first_bad.seq}: {said.first_bad.what}" if said.first_bad else "",
        notes=said.notes,
        streams=story.streams(),
    )
