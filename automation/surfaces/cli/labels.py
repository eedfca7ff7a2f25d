"""``label`` and ``labels``: print a label at the bench; what has become of all of a batch, split or container."""

from pathlib import Path

import click

from automation.engine.requests import Request, Signer
from automation.gmp.product.labels import TABLE
from automation.gmp.words import Right
from automation.surfaces.cli.access import person, secret, signers
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import Session, as_json, by, emit, mark, pair, say_no, session, site, table, tell
from automation.surfaces.cli.people import sign
from automation.views.bench_labels import accounted, draft


@click.command(epilog="Example: cellwright label QC-1 --template container --as anna --site ./site-a")
@click.argument("container")
@click.option("--template", required=True, help="Its name; the effective version is taken.")
@click.option("--reason", default="", help="Why one more; for a reprint, which a second person signs, too.")
@click.option("--printer", default="", metavar="ASSET", help="Which, where the site has several.")
@click.option("--by-hand", is_flag=True, help="It was printed elsewhere or written; nothing is sent.")
@sign
@by
@site
@as_json
@session
def label(  # noqa: PLR0913  as options
    session: Session,
    container: str,
    *,
    template: str,
    reason: str,
    printer: str,
    by_hand: bool,
    others: tuple[str, ...],
    by: str,
    folder: Path,
    as_json: bool,
) -> None:
    """Issue the next label of a container with what the record says of it, and print it."""
    with looked(session, folder) as (file, objects):
        made = draft(objects, container, template=template, reason=reason)
    who = person(file, by, Right.PERFORM)
    shown = "\n".join(f"{name}: {value}" for name, value in {"label": made.name, **made.body}.items())
    me = Signer(who, secret(file, who), "", shown)
    command = "reissue" if made.again else "issue"
    row = next(one for one in TABLE.rows if one.command == command)
    signed = signers(file, me, row.signs, dict(pair(other, what="--sign") for other in others))
    request = Request(
        what="do",
        target=f"label/{made.name}",
        command=command,
        body=made.body,
        by=who,
        secret=me.secret,
        signers=signed,
    )
    send(session, folder, request)
    if by_hand:
        sending = Request(what="do", target=f"label/{made.name}", command="print", by=who, secret=me.secret)
    else:
        sending = Request(what="print", target=made.name, command=printer, by=who, secret=me.secret)
    done = send(session, folder, sending)
    text = f"label {made.name} is {done.state} ({'by hand, ' if by_hand else ''}{who}, event {done.seq})"
    data = {"label": made.name, "state": done.state, "by_hand": by_hand, "by": who, "event": done.seq, **made.body}
    tell(text, data, simulated=file.simulated, as_json=as_json)


@click.command(epilog="Example: cellwright labels split/S-1 --site ./site-a")
@click.argument("which", metavar="KIND/ID")
@site
@as_json
@session
def labels(session: Session, which: str, folder: Path, *, as_json: bool) -> None:
    """Say what has become of every label of a batch, split or container.

    Exit status 1 when one is loose.
    """
    with looked(session, folder) as (file, objects):
        found, counted = accounted(objects, which)
    if as_json:
        emit({"simulated": file.simulated, "count": counted, "items": found})
    else:
        mark(file.name, simulated=file.simulated)
        heads = ("label", "container", "state", "template", "issued by", "reason", "ended")
        rows = (
            (
                one.id,
                one.container,
                one.state,
                f"{one.template}@{one.template_version}",
                one.issued_by or "the program",
                one.reason,
                one.ended,
            )
            for one in found
        )
        click.echo(table(heads, rows))
        ends = f"{counted.applied} applied + {counted.kept} kept + {counted.destroyed} destroyed"
        loose = f" + {counted.unaccounted} loose" if counted.unaccounted else ""
        click.echo(f"{counted.issued} issued = {counted.not_printed} not printed + {counted.printed} printed")
        click.echo(f"{counted.printed} printed = {ends}{loose}")
        for one in found:
            if one.unaccounted:
                click.echo(f"left open: label {one.id} is {one.state}")
    if not counted.closes:
        say_no()


COMMANDS = {"label": label, "labels": labels}
