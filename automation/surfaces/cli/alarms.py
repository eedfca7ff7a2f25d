"""``alarms``: what stands, product at risk first; acknowledge, shelve, the report with indicators, and the watch."""

from dataclasses import dataclass
from pathlib import Path

import click

from automation.engine.requests import Request
from automation.engine.site import Site
from automation.engine.sitemodel import SiteFile
from automation.gmp.plant.calls import Call
from automation.gmp.words import Right
from automation.kernel.clock import SystemClock, instant, iso
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant, Seconds, read
from automation.surfaces.cli.access import person, secret
from automation.surfaces.cli.asking import looked, send
from automation.surfaces.cli.common import Session, as_json, by, emit, mark, pairs, reason, session, site, table, tell
from automation.surfaces.cli.port import Opening
from automation.views.alarm_indicators import Flood, Indicators, Raised, indicators, lasting
from automation.views.alarm_list import Line, alarm_list
from automation.views.objects import Objects
from automation.views.stores import Stores, latest, stores
from automation.views.wording import show as words
from automation.views.wording import span

_DAY = 86_400.0  # s


@dataclass(frozen=True, slots=True)
class Round:
    """One look round a site: the moment, its stores, its alarms in the order of acting, and whether they flood."""

    now: Instant
    stores: Stores
    lines: list[Line]
    flood: Flood | None
    calls: list[str]


def look_round(file: SiteFile, objects: Objects, folder: Path, *, aside: bool = False) -> Round:
    """Look at everything that has to do with alarms; a live site's moment is that of the machine."""
    entries = file.vigilance.stores
    now = latest(objects, folder, file.vigilance.watched)
    if not file.simulated:
        now = max(now, SystemClock().now())
    found = stores(objects, folder, entries, now=now)
    called = [one for one in objects.every("call") if isinstance(one, Call) and one.due is not None and one.calling]
    return Round(
        now=now,
        stores=found,
        lines=alarm_list(objects, found, now=now, aside=aside),
        flood=lasting(objects, now=now),
        calls=[
            f"{one.calling.person} is called for {one.id} until {iso(one.due, zone=objects.zone)}"
            for one in called
            if one.calling and one.due
        ],
    )


def lines_table(lines: list[Line]) -> str:
    """Give alarms as a table: what to do stands under what is wrong."""
    rows = [
        (line.id, f"{line.state}, {line.priority}", line.risk or "", line.respond_by[:19], line.message)
        for line in lines
    ]
    return table(("alarm", "is", "at stake", "act by", "what"), rows)


@click.group(epilog="Example: cellwright alarms list --site ./site-c")
def alarms() -> None:
    """Show what stands, acknowledge, shelve, report, watch the stores."""


@alarms.command("list", epilog="Example: cellwright alarms list --site ./site-c")
@click.option("--all", "aside", is_flag=True, help="Also those that are shelved, suppressed or out of service.")
@site
@as_json
@session
def list_(session: Session, folder: Path, *, aside: bool, as_json: bool) -> None:
    """List what stands: product at risk first with the time left, then by priority."""
    with looked(session, folder) as (file, objects):
        found = look_round(file, objects, folder, aside=aside)
        zone = objects.zone
    if as_json:
        as_of = iso(found.now, zone=zone)
        data = {"as_of": as_of, "flood": found.flood, "calls": found.calls, "items": found.lines}
        emit({"simulated": file.simulated, **data})
        return
    mark(file.name, simulated=file.simulated)
    click.echo(f"as of {iso(found.now, zone=zone)}\n")
    if found.flood is not None:
        click.echo(f"FLOOD: {found.flood.alarms} alarms since {found.flood.begin[:19]}; nothing is left out\n")
    click.echo(lines_table(found.lines))
    for line in found.lines:
        if line.at_risk:
            where = f"\n  {len(line.containers)} in it: {', '.join(line.containers)}" if line.containers else ""
            more = f"\n  where they can go: cellwright show store {line.asset}" if line.containers else ""
            click.echo(f"\n{line.id}: {line.risk}\n  do: {line.response}\n  else: {line.consequence}{where}{more}")
    for call in found.calls:
        click.echo(f"\n{call}")


@alarms.command(epilog="Example: cellwright alarms ack store-01-dry --comment 'filling by hand' --as anna")
@click.argument("alarm")
@click.option("--comment", required=True, metavar="TEXT", help="What you make of it.")
@by
@site
@as_json
@session
def ack(session: Session, alarm: str, comment: str, *, by: str, folder: Path, as_json: bool) -> None:  # noqa: PLR0913  as options
    """Acknowledge an alarm: somebody acts, and nobody else is called."""
    _move(session, folder, _Order(alarm, "acknowledge", {"comment": comment}, by), as_json=as_json)


@alarms.command(epilog="Example: cellwright alarms shelve store-01-low --for '30 min' --reason 'vessel on its way'")
@click.argument("alarm")
@click.option("--for", "how_long", required=True, metavar="TIME", help="How long, with its unit; it ends by itself.")
@reason
@by
@site
@as_json
@session
def shelve(session: Session, alarm: str, how_long: str, reason: str, *, by: str, folder: Path, as_json: bool) -> None:  # noqa: PLR0913  as options
    """Silence an alarm for a time."""
    duration = Seconds(read(how_long, Seconds, what="--for"))
    with looked(session, folder) as (file, objects):
        now = look_round(file, objects, folder).now
    body: dict[str, object] = {"reason": reason, "until": float(now + duration)}
    _move(session, folder, _Order(alarm, "shelve", body, by), as_json=as_json)


@alarms.command(epilog="Example: cellwright alarms report --since 2026-01-01T00:00:00 --json --site ./site-c")
@click.option("--since", default="", metavar="TIME", help="ISO 8601, in the site's zone; else from the first event.")
@click.option("--until", default="", metavar="TIME", help="Else up to now.")
@site
@as_json
@session
def report(session: Session, since: str, until: str, *, folder: Path, as_json: bool) -> None:
    """Give the alarm log and its indicators: rate, floods, chattering, stale, priorities, time to act."""
    with looked(session, folder) as (file, objects):
        start = _moment(since, "--since", zone=objects.zone)
        end = _moment(until, "--until", zone=objects.zone) or look_round(file, objects, folder).now
        if start is not None and start > end:
            raise InputError(f"--since is {since!r}; the period ends before that, at {iso(end, zone=objects.zone)}")
        found = indicators(objects, since=start, until=end)
    if as_json:
        emit({"simulated": file.simulated, "report": found})
        return
    mark(file.name, simulated=file.simulated)
    click.echo(pairs(_shown(found)))
    rows = [
        (one.at[:19], one.alarm, one.priority, one.limit, one.value, one.acknowledged_by, one.comment, _told(one))
        for one in found.log
    ]
    click.echo("\n" + table(("raised", "alarm", "priority", "limit", "value", "by", "comment", "what"), rows))


def _told(one: Raised) -> str:
    """Say what was wrong, and what it turned out to be."""
    return f"{one.message}; {one.finding}" if one.finding else one.message


@alarms.command(epilog="Example: cellwright alarms watch --for '24 h' --site ./site-c")
@click.option("--for", "how_long", required=True, metavar="TIME", help="How long, with its unit, for example '24 h'.")
@site
@as_json
@session
def watch(session: Session, how_long: str, *, folder: Path, as_json: bool) -> None:
    """Own the site and watch its stores and devices for a time; commands of other people are answered meanwhile."""
    duration = Seconds(read(how_long, Seconds, what="--for"))
    if duration <= Seconds(0.0):
        raise InputError(f"--for is {how_long!r}; a time above zero is needed")

    async def job(here: Site) -> None:
        if not here.monitors:
            raise InputError("this site has no stores to watch, and no devices", where="site.yaml: stores")
        await here.house.clock.sleep(duration)

    session.opener.work(folder, job, Opening(staffed=False, careful=False))
    file = session.opener.site(folder)
    count = {"stores": len(file.vigilance.stores), "devices": len(file.vigilance.watches)}
    what = " and ".join(f"{many} {word if many > 1 else word[:-1]}" for word, many in count.items() if many)
    text = f"{what} were watched for {span(float(duration))}; see: cellwright alarms list"
    tell(text, {**count, "seconds": float(duration)}, simulated=file.simulated, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Order:
    alarm: str
    command: str
    body: dict[str, object]
    by: str


def _move(session: Session, folder: Path, order: _Order, *, as_json: bool) -> None:
    with looked(session, folder) as (file, objects):
        objects.known("alarm", order.alarm)
    who = person(file, order.by, Right.PERFORM)
    request = Request(
        what="do",
        target=f"alarm/{order.alarm}",
        command=order.command,
        body=order.body,
        by=who,
        secret=secret(file, who),
    )
    done = send(session, folder, request)
    data = {"alarm": order.alarm, "command": order.command, "state": done.state, "by": who, "event": done.seq}
    text = f"alarm {order.alarm} is {done.state} ({order.command} by {who}, event {done.seq})"
    tell(text, data, simulated=file.simulated, as_json=as_json)


def _moment(text: str, option: str, *, zone: str) -> Instant | None:
    if not text:
        return None
    try:
        return instant(text, zone=zone)
    except ValueError:
        raise InputError(f"{option} is {text!r}; write for example 2026-03-02T08:00:00") from None


def _shown(found: Indicators) -> dict[str, str]:
    """Give the indicators as words, each beside what is good."""
    return {
        "period": f"{found.since[:19]} to {found.until[:19]}",
        "alarms": f"{found.alarms}, {found.per_10_min:.3f} in 10 min on average (about 1 is good), "
        f"{found.most_in_10_min} at most",
        "floods": f"{len(found.floods)}, {found.in_flood:.2f} % of the time (below 1 % is good)",
        "chattering": words(found.chattering) if found.chattering else "none",
        "stale": words(found.stale) if found.stale else "none",
        "priorities": ", ".join(f"{word} {share:.0f} %" for word, share in found.priorities.items()) or "none",
        "most frequent": ", ".join(f"{name} {count}" for name, count in found.frequent.items()) or "none",
        "to acknowledge": f"{span(found.median_to_acknowledge)} (median), {found.late} too late",
        "standing": f"{found.standing}; aside: " + ", ".join(f"{word} {n}" for word, n in found.aside.items()),
    }


COMMANDS = {"alarms": alarms}
