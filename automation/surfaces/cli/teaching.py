"""``course``: the courses that come with the program: their text, the paper of one attempt, and a document of it."""

import hashlib
from pathlib import Path

import click

from automation.engine.requests import Request, Signer
from automation.gmp.courses.course import LETTERS, Course
from automation.gmp.courses.known import COURSES
from automation.gmp.courses.known import course as known
from automation.gmp.people.training import Training
from automation.gmp.words import Meaning, Right
from automation.kernel.errors import InputError
from automation.surfaces.cli.access import person, secret, signers
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import Session, as_json, by, emit, session, site, table, tell


@click.command(epilog="Example: cellwright course data-integrity@1 --paper data-integrity.anna --site ./site-a")
@click.argument("name", required=False, default="")
@click.option("--paper", default="", metavar="TRAINING", help="The questions, in the order of the next attempt.")
@click.option("--document", default="", metavar="DOCUMENT@1", help="Write the text as a draft of this document.")
@by
@site
@as_json
@session
def course(session: Session, name: str, folder: Path, *, paper: str, document: str, by: str, as_json: bool) -> None:  # noqa: PLR0913  as options
    """List the courses that come with the program, or print the text or the questions of one."""
    if not name:
        _list(as_json=as_json)
        return
    one = known(name)
    if paper and document:
        raise click.UsageError("--paper and --document are two things; ask for one")
    if document:
        _write(session, folder, one, document=document, by=by, as_json=as_json)
    elif paper:
        _ask(session, folder, one, training=paper, as_json=as_json)
    elif as_json:
        emit({"course": one.id, "title": one.title, "text": one.text, "questions": len(one.questions)})
    else:
        click.echo(one.text, nl=False)


def _list(*, as_json: bool) -> None:
    items = [{"course": one.id, "title": one.title, "questions": len(one.questions)} for one in COURSES.values()]
    if as_json:
        emit({"items": items})
        return
    click.echo(table(("course", "title", "questions"), ([*one.values()] for one in items)))


def _ask(session: Session, folder: Path, one: Course, *, training: str, as_json: bool) -> None:
    """Print the questions of the next attempt, and how they are answered."""
    with looked(session, folder) as (file, objects):
        found = objects.known("training", training)
    if not isinstance(found, Training) or found.task is None or found.task.course != one.id:
        raise InputError(f"training {training} asks no questions of {one.id}")
    asked = one.paper(training, attempt=found.attempts + 1)
    if as_json:
        items = [{"question": each.text, "options": dict(zip(LETTERS, each.options, strict=True))} for each in asked]
        emit({"simulated": file.simulated, "training": training, "attempt": found.attempts + 1, "items": items})
        return
    for number, each in enumerate(asked, 1):
        click.echo(f"{number}. {each.text}")
        for letter, option in zip(LETTERS, each.options, strict=True):
            click.echo(f"   {letter}  {option}")
    click.echo(f"cellwright do training {training} examine --letters {'.' * len(asked)} --as {found.person}")


def _write(session: Session, folder: Path, one: Course, *, document: str, by: str, as_json: bool) -> None:  # noqa: PLR0913  as options
    """Write the text as the draft of a document, under the signature of its author."""
    file = session.opener.site(folder)
    who = person(file, by, Right.SUPERVISE)
    text = one.text
    body = {"title": one.title, "sort": "sop", "text": text, "digest": hashlib.sha256(text.encode()).hexdigest()}
    me = Signer(who, secret(file, who), "", text)
    signed = signers(file, me, (Meaning.AUTHORED,), {})
    asked = Request(
        what="do",
        target=f"document/{document}",
        command="write",
        body=dict(body),
        by=who,
        secret=me.secret,
        signers=signed,
    )
    done = send(session, folder, asked)
    data = {"document": document, "course": one.id, "state": done.state, "by": who, "event": done.seq}
    said = f"document {document} is {done.state}: {one.title} ({one.id}), event {done.seq}"
    tell(said, data, simulated=file.simulated, as_json=as_json)


COMMANDS = {"course": course}
