"""``subject``: who a patient or donor is; asked at the terminal, never an argument, and every look on the record."""

from pathlib import Path

import click

from automation.engine.requests import Request, Signer
from automation.gmp.words import Right
from automation.surfaces.cli.access import person, secret
from automation.surfaces.cli.asking import send
from automation.surfaces.cli.common import Session, as_json, by, session, site, tell


@click.group(epilog="Example: cellwright subject enter SUBJ-017 --as tess --site ./site-a")
def subject() -> None:
    """Enter who a subject is, or look who it is; both on the record, without the name."""


@subject.command(epilog="Example: cellwright subject enter SUBJ-017 --as tess --site ./site-a")
@click.argument("code")
@by
@site
@as_json
@session
def enter(session: Session, code: str, *, by: str, folder: Path, as_json: bool) -> None:
    """Enter name and birth date of a subject under its code; both are asked, so that no command line holds them."""
    file = session.opener.site(folder)
    who = person(file, by, Right.ORDER)
    said: dict[str, object] = {
        "name": click.prompt("Name", err=True),
        "born": click.prompt("Born (YYYY-MM-DD)", err=True),
    }
    done = send(session, folder, _request(code, command="enter", body=said, who=who, word=secret(file, who)))
    data = {"subject": code, "state": done.state, "by": who, "event": done.seq}
    tell(f"subject {code} is {done.state} (event {done.seq})", data, simulated=file.simulated, as_json=as_json)


@subject.command(epilog="Example: cellwright subject look SUBJ-017 --reason 'call the ward' --as tess --site ./site-a")
@click.argument("code")
@click.option("--reason", required=True, help="Why; it stands in the record.")
@by
@site
@as_json
@session
def look(  # noqa: PLR0913  as options
    session: Session, code: str, *, reason: str, by: str, folder: Path, as_json: bool
) -> None:
    """Show who a subject is; the look is on the record first."""
    file = session.opener.site(folder)
    who = person(file, by, Right.TREAT)
    body: dict[str, object] = {"reason": reason}
    done = send(session, folder, _request(code, command="look", body=body, who=who, word=secret(file, who)))
    text = f"{code}: {done.told['name']}, born {done.told['born']} (look on the record, event {done.seq})"
    data = {"subject": code, **done.told, "by": who, "event": done.seq}
    tell(text, data, simulated=file.simulated, as_json=as_json)


def _request(code: str, *, command: str, body: dict[str, object], who: str, word: str) -> Request:
    """Give the request of a person who proves to be one by the own secret."""
    proof = (Signer(who, word),)
    return Request(what="identify", target=code, command=command, body=body, by=who, secret=word, signers=proof)


COMMANDS = {"subject": subject}
