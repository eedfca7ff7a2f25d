"""``notices``: sends what people have to be told, as files of a spool folder or as mail; run it every few minutes.

What could not be sent is tried again by the next run; a notice may come twice and has the same id then. The password
of a mail host stands in the environment alone: never in an argument, a file of the site, or the ledger.
Source: RFC 5321 (SMTP), RFC 5322 (Message-ID).
"""

import os
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import click
import msgspec

from automation.engine.outbox import Notice
from automation.engine.requests import Request, Signer
from automation.engine.sitemodel import SiteFile
from automation.engine.spool import put
from automation.gmp.words import Right
from automation.kernel.errors import FailedError, InputError
from automation.surfaces.cli.access import person, secret
from automation.surfaces.cli.asking import send
from automation.surfaces.cli.common import Session, as_json, by, pair, session, site, tell

USER, PASSWORD = "CELLWRIGHT_SMTP_USER", "CELLWRIGHT_SMTP_PASSWORD"
_PATIENCE = 20.0  # s
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@click.command(epilog="Example: cellwright notices --spool /var/spool/cellwright --as carla --site ./site-a")
@click.option("--spool", type=click.Path(path_type=Path, file_okay=False), help="Folder; one JSON file a notice.")
@click.option("--smtp", default="", metavar="HOST:PORT", help="Mail host; away from this machine with TLS.")
@click.option("--sender", default="cellwright@localhost", show_default=True, help="Address that mails come from.")
@click.option("--to", "addresses", multiple=True, metavar="OWNER=ADDRESS", help="A right's or person's address.")
@by
@site
@as_json
@session
def notices(  # noqa: PLR0913  as options
    session: Session,
    *,
    spool: Path | None,
    smtp: str,
    sender: str,
    addresses: tuple[str, ...],
    by: str,
    folder: Path,
    as_json: bool,
) -> None:
    """Send what is near, overdue or has followed by itself to those who have to act, and note what was sent."""
    if (spool is None) == (not smtp):
        raise InputError("write --spool DIR or --smtp HOST:PORT, one of them")
    file = session.opener.site(folder)
    who = person(file, by, Right.SUPERVISE)
    known = dict(pair(one, what="--to") for one in addresses)
    host = _host(smtp) if smtp else None
    found = _ask(session, folder, _request("gather", who=who, file=file))
    waiting = [msgspec.json.decode(text, type=Notice) for text in found.values()]
    strange = sorted({one.to for one in waiting} - set(known)) if smtp else []
    if strange:
        raise InputError(f"--to names nobody for {', '.join(strange)}; write --to {strange[0]!r}=ADDRESS")
    pass_on = _spooler(spool, file) if spool is not None else _mailer(host or ("", 0), sender, known, file)
    sent, failed = _all(waiting, pass_on)
    if sent:
        how = f"spool {spool}" if spool is not None else f"mail by {smtp}"
        _ask(session, folder, _request("sent", who=who, file=file, ids=sent, how=how))
    data = {"sent": sent, "failed": failed}
    tell(f"{len(sent)} sent, {len(failed)} to be tried again", data, simulated=file.simulated, as_json=as_json)
    if failed:
        raise FailedError(
            f"{len(failed)} notices were not sent ({next(iter(failed.values()))}); the next run tries again"
        )


def _ask(session: Session, folder: Path, request: Request) -> dict[str, str]:
    return send(session, folder, request).told


def _request(command: str, *, who: str, file: SiteFile, **body: object) -> Request:
    word = secret(file, who)
    proof = (Signer(who, word),)
    return Request(what="notices", target="outbox", command=command, body=body, by=who, secret=word, signers=proof)


def _all(waiting: list[Notice], pass_on: Callable[[Notice], None]) -> tuple[list[str], dict[str, str]]:
    sent, failed = list[str](), dict[str, str]()
    for one in waiting:
        try:
            pass_on(one)
            sent.append(one.id)
        except (OSError, smtplib.SMTPException) as why:
            failed[one.id] = str(why) or type(why).__name__
    return sent, failed


def _spooler(spool: Path, file: SiteFile) -> Callable[[Notice], None]:
    return partial(put, spool, site=file)


def _host(text: str) -> tuple[str, int]:
    name, _, port = text.rpartition(":")
    if not name or not port.isdecimal():
        raise InputError(f"--smtp is {text!r}; write HOST:PORT, for example 127.0.0.1:25")
    return name.strip("[]"), int(port)


def _mailer(host: tuple[str, int], sender: str, known: dict[str, str], file: SiteFile) -> Callable[[Notice], None]:
    def pass_on(one: Notice) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"] = sender, known[one.to]
        mail["Subject"] = f"{'SIMULATED ' if file.simulated else ''}{one.urgency}: {one.what}"
        mail["Message-ID"] = f"<{one.id}@cellwright>"
        mail.set_content(f"{one.what}\n\n{one.object}, due {one.by}, for {one.to}\n{file.name}\nnotice {one.id}\n")
        with smtplib.SMTP(*host, timeout=_PATIENCE) as line:
            if host[0] not in _LOOPBACK:
                line.starttls(context=ssl.create_default_context())
            if os.environ.get(USER):
                line.login(os.environ[USER], os.environ.get(PASSWORD, ""))
            line.send_message(mail)

    return pass_on


COMMANDS = {"notices": notices}
