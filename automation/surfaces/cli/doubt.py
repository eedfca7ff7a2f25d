"""``resolve``: what nobody knows is shown, the devices are asked anew, and a person decides under signature.

What is signed is the whole screen with the decision under it.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from automation.engine.requests import Request, Signer
from automation.engine.sitemodel import SiteFile
from automation.gmp.words import Meaning, Right
from automation.kernel.clock import SystemClock
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Instant
from automation.surfaces.cli.access import person, secret, signers
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import SHORTEST, Session, as_json, by, emit, mark, session, shortened, site, tell
from automation.views.doubts import Doubt, Looking, Stands, doubts
from automation.views.objects import Objects
from automation.views.wording import NOTHING, span

OUTCOMES = ("done", "not done", "device defective")
LATER = "decide later"
_ON = "next: cellwright restart {batch} --reason ... --as USER, then cellwright resume {batch}"
_NEXT = {
    "done": f"{_ON}; the step goes on behind the act",
    "not done": f"{_ON}; the act is sent again then",
    "device defective": "next: repair it and bring it back (cellwright do asset ASSET return), then restart and resume "
    "{batch}; or cellwright stop {batch}",
}


@click.command(
    epilog="Example: cellwright resolve B-001 shows what is in doubt; "
    "cellwright resolve B-001 freeze --outcome 'not done' --reason 'the panel shows reset' --as anna decides it"
)
@click.argument("batch")
@click.argument("step", default="")
@click.option("--outcome", type=click.Choice(OUTCOMES), help="What the device shows; without it, it is only looked.")
@click.option("--reason", default="", metavar="TEXT", help="Why, in words that a reviewer understands.")
@by
@site
@as_json
@session
def resolve(  # noqa: PLR0913  as options
    session: Session, batch: str, step: str, outcome: str | None, *, reason: str, by: str, folder: Path, as_json: bool
) -> None:
    """Show what is in doubt and decide: done, not done or device defective."""
    if outcome and len(reason) < SHORTEST:
        raise click.UsageError(f"--reason is {reason!r}; at least {SHORTEST} characters are needed")
    file = session.opener.site(folder)
    who = person(file, by, Right.SUPERVISE)
    me = Signer(who, secret(file, who))
    seen, found, asked = _look(session, folder, me, batch=batch, step=step)
    if as_json and not outcome:
        emit({"simulated": file.simulated, "asked_anew": not asked, "why_not": asked, "doubts": found})
        return
    if not outcome:
        mark(file.name, simulated=file.simulated)
        click.echo(_shown(found, asked=asked))
        outcome, reason = _typed(found)
    if outcome:
        decision = f"decided: {batch} {step}".rstrip() + f": {outcome} ({reason})"
        shown = f"{_shown(found, asked=asked)}\n\n{decision}" if found else decision
        told = Signer(me.person, me.secret, "", shown)
        wish = Request(
            what="do",
            target=f"batch/{batch}",
            command="resolve",
            body={"step": step, "outcome": outcome, "reason": reason},
            by=who,
            secret=me.secret,
            signers=signers(file, told, (Meaning.RESPONSIBLE,), {}),
            seen=seen,
        )
        _decide(session, folder, wish, file=file, as_json=as_json)


def _look(session: Session, folder: Path, me: Signer, *, batch: str, step: str) -> tuple[int, list[Doubt], str]:
    """Ask the devices anew and give what is in doubt, and why they could not be asked; first the batch's version."""
    asked, operations = "", session.opener.operations()
    look = Request(what="look", target=batch, body={"step": step}, by=me.person, secret=me.secret)
    try:
        send(session, folder, look)
    except RefusedError as refusal:
        asked = str(refusal)
    with looked(session, folder) as (file, objects):
        looking = Looking(now_of(file, objects), folder, operations)
        found = list(doubts(objects, looking, batch=batch, step=step))
        return objects.version(f"batch/{batch}"), found, asked


def _decide(session: Session, folder: Path, wish: Request, *, file: SiteFile, as_json: bool) -> None:
    done = send(session, folder, wish)
    batch, outcome = wish.target.removeprefix("batch/"), str(wish.body["outcome"])
    data = {"batch": batch, "outcome": outcome, "by": wish.by, "state": done.state, "event": done.seq}
    text = f"batch {batch}: {outcome} ({wish.by}, event {done.seq}); the batch is {done.state}"
    tell(text, data, simulated=file.simulated, as_json=as_json)
    if not as_json:
        click.echo(_NEXT[outcome].format(batch=batch))


def _typed(found: list[Doubt]) -> tuple[str, str]:
    """Ask for the decision at a terminal; nothing where nobody sits, or nothing is in doubt."""
    if all(one.decided for one in found) or not sys.stdin.isatty():
        return "", ""
    outcome: str = click.prompt("\nWhat does the device show", type=click.Choice((*OUTCOMES, LATER)), default=LATER)
    if outcome == LATER:
        return "", ""
    reason = ""
    while len(reason) < SHORTEST:
        reason = click.prompt("Why (what you looked at, and what it showed)")
    return outcome, reason


def now_of(file: SiteFile, objects: Objects) -> Instant:
    """Give the moment at which it is looked: of the machine, or of the last event of a simulated site."""
    return objects.now if file.simulated else SystemClock().now()


def lines(found: Iterable[Doubt]) -> list[str]:
    """Say in one line each what is in doubt and how to look at it."""
    return [
        f"IN DOUBT: was {one.what} done? (batch {one.batch}, step {one.step}, since {one.since[11:19]}, "
        f"{span(max(0.0, one.age))})  {_what_next(one)}"
        for one in found
    ]


def _what_next(one: Doubt) -> str:
    if one.decided:
        return f"decided: {one.decided}; it counts when the batch goes on: cellwright resume {one.batch}"
    return f"look and decide: cellwright resolve {one.batch} {one.step}"


def _shown(found: list[Doubt], *, asked: str) -> str:
    """Give the screen of everything in doubt."""
    if not found:
        return "nothing is in doubt"
    note = f"\nThe devices could not be asked anew: {asked}\n" if asked else ""
    return "\n\n".join([note, *map(_screen, found)] if note else map(_screen, found))


def _screen(one: Doubt) -> str:
    """Give the screen of one act in doubt."""
    rows = [
        ("what it does", one.does or "-"),
        *([("asked for", one.arguments)] if one.arguments != NOTHING else []),
        ("sent at", f"{_time(one.sent_at)}; in doubt since {_time(one.since)}, {span(max(0.0, one.age))}"),
        ("why", one.why),
        *((f"wire {n}" if n > 1 else "wire", text) for n, text in enumerate(_wire(one), 1)),
        *((f"{stands.asset} now", _now(stands)) for stands in one.stands),
        ("product", one.temperature),
        *(("time left", f"{_left(left.left)}: {left.what} (until {_time(left.due)})") for left in one.left),
        *([("time left", "no limit in time counts for this batch now")] if not one.left else []),
    ]
    wide = max(len(name) for name, _ in rows)
    head = f"IN DOUBT: was {one.what} done? Batch {one.batch}, step {one.step} ({one.operation}, {one.state})"
    body = [f"  {name.ljust(wide)}  {text}" for name, text in rows]
    answers = [f"  {option.name}\n    {option.consequence}\n    {option.command}" for option in one.options]
    ask = [_what_next(one)] if one.decided else ["what you may answer", *answers]
    return "\n".join([head, "", *body, "", *ask])


def _wire(one: Doubt) -> list[str]:
    """Write what went out (>) and what came back (<), in words and as bytes."""
    told = []
    for exchange in one.exchanges:
        back = _bytes(exchange.received, exchange.received_words) if exchange.received else "nothing"
        told.append(f"> {_bytes(exchange.sent, exchange.sent_words)}  < {back}")
    return told or ["nothing was recorded"]


def _bytes(raw: str, words: str) -> str:
    hexadecimal = bytes.fromhex(raw).hex(" ")
    short = hexadecimal if len(hexadecimal) <= 60 else f"{hexadecimal[:57]}..."
    return f"{shortened(words)} [{short}]" if words else f"[{short}]"


def _now(stands: Stands) -> str:
    told = stands.says or stands.why
    return f"{told} ({_time(stands.at)}, {span(max(0.0, stands.age))} ago)"


def _left(left: float) -> str:
    return span(left) if left > 0.0 else f"OVER by {span(abs(left))}"


def _time(text: str) -> str:
    """Shorten a moment to what a person compares with a clock on the wall."""
    return f"{text[:10]} {text[11:19]}" if text else "not recorded"


COMMANDS = {"resolve": resolve}
"""By name."""
