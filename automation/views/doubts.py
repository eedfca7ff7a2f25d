"""Acts in doubt as the person sees them who has to decide: what was sent, how things stand, what each answer means.

Read off the step's own events, the limits in time that count, and the words of interface and operation. The state of
the devices is that of the last asking (``asked``), with its time. Product temperature is the last reading of a sample
probe, whichever device gave it.
Units:  degC; ``age`` and ``left`` in s.
"""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from automation.engine.doubts import Asked, Look, Said, decided, decision, open_doubt
from automation.engine.doubts import Doubt as Open
from automation.engine.past import Past, past
from automation.engine.recipe.spec import OperationSpec
from automation.engine.trends import Sealed, unpack
from automation.gmp.marks import OPEN
from automation.gmp.quality.timers import Timer
from automation.kernel.clock import MICRO, iso
from automation.kernel.errors import CellwrightError
from automation.kernel.quantity import Instant
from automation.ledger.blobs import Blobs
from automation.ledger.event import Event
from automation.views import shapes
from automation.views.objects import Objects
from automation.views.wording import show, span

SAMPLE = "sample"  # the channel of an independent probe that is in the product
RECENT = "recent.log"
NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What went over the wire: bytes in hex, and in words where somebody can read them."""

    sent: str
    received: str
    sent_words: str
    received_words: str


@dataclass(frozen=True, slots=True)
class Stands:
    """How one device stood when it was last asked, or why that is not known."""

    asset: str
    at: str
    age: float
    says: str  # empty when it did not answer
    why: str


@dataclass(frozen=True, slots=True)
class Left:
    """One limit in time that counts for the product; below zero it is over."""

    what: str
    due: str
    left: float


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that the person may do: the command for it, and what follows."""

    name: str
    consequence: str
    command: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """One act in doubt."""

    batch: str
    step: str
    operation: str
    state: str
    what: str
    does: str
    arguments: str
    sent_at: str
    since: str
    age: float
    why: str
    exchanges: tuple[Exchange, ...]
    stands: tuple[Stands, ...]
    temperature: str
    left: tuple[Left, ...]
    options: tuple[Option, ...]
    decided: str  # by whom, as what; it counts when the batch goes on. Empty: nobody has decided


@dataclass(frozen=True, slots=True)
class Looking:
    """With what it is looked at: the moment, the site's folder, and the installed operations by name."""

    now: Instant
    folder: Path
    operations: Mapping[str, OperationSpec]


@dataclass(frozen=True, slots=True)
class _At:
    now: Instant
    zone: str


def doubts(objects: Objects, looking: Looking, *, batch: str = "", step: str = "") -> Iterator[Doubt]:
    """Give every act in doubt of the open batches, or of a batch or step, in the order in which they arose."""
    found: list[tuple[int, Doubt]] = []
    for name in [batch] if batch else [one.id for one in objects.marked("batch", OPEN)]:
        for stream, events in objects.under(f"batch/{name}/step/").items():
            if step not in {"", stream.split("/", 3)[3]}:
                continue
            opened = open_doubt(events)
            if opened is not None:
                found.append((opened.event.seq, _doubt(objects, looking, opened, stream=stream)))
    yield from (doubt for _, doubt in sorted(found, key=lambda pair: pair[0]))


def _doubt(objects: Objects, looking: Looking, opened: Open, *, stream: str) -> Doubt:
    events, zone = objects.streams[stream], objects.zone
    _, batch, _, step = stream.split("/", 3)
    bound = next((event.read(shapes.Bound) for event in events if event.kind == "bound"), shapes.Bound())
    asked = _asked(events, opened)
    record = past("", events)
    spec = looking.operations.get(bound.operation)
    taken = decision(opened, objects.streams.get(f"batch/{batch}", ()), step=step)
    raw = opened.called.args if opened.called is not None else opened.fell.args
    return Doubt(
        batch=batch,
        step=step,
        operation=bound.operation,
        state=record.main.state if record.main else record.state,
        what=opened.what,
        does=asked.does,
        arguments=asked.asked_for or show(_named(msgspec.json.decode(bytes(raw)))),
        sent_at=_iso(opened.call.at, zone) if opened.call else "",
        since=_iso(opened.event.at, zone),
        age=float(looking.now) - opened.event.at / MICRO,
        why=opened.fell.message,
        exchanges=tuple(_exchanges(asked.said, opened)),
        stands=tuple(_stands(look, now=looking.now, zone=zone) for look in asked.looks),
        temperature=_temperature(objects, looking, asked, batch=batch),
        left=(*_left(objects, batch, now=looking.now), *_own(spec, record, bound, _At(looking.now, zone))),
        options=tuple(_options(opened, asked, spec.operation if spec else None, where=f"{batch} {step}")),
        decided="" if taken is None else f"{decided(taken).outcome}, by {taken.by}: {decided(taken).reason}",
    )


def _named(value: object) -> object:
    """Give arguments with every container and lot by its name alone."""
    if isinstance(value, dict):
        return value["id"] if set(value) == {"id", "seq"} else {name: _named(part) for name, part in value.items()}
    return [_named(part) for part in value] if isinstance(value, list) else value


def _asked(events: Iterable[Event], opened: Open) -> Asked:
    """Give the last asking about a doubt; empty when the devices were not asked yet."""
    found = (event.read(Asked) for event in reversed(list(events)) if event.kind == "asked")
    return next((one for one in found if (one.visit, one.n) == (opened.visit, opened.n)), _nothing(opened))


def _nothing(opened: Open) -> Asked:
    return Asked(opened.visit, opened.n, opened.what)


def _exchanges(said: tuple[Said, ...], opened: Open) -> Iterator[Exchange]:
    if said:
        yield from (Exchange(one.sent, one.received, one.sent_words, one.received_words) for one in said)
    else:
        yield from (Exchange(sent, received, "", "") for sent, received in opened.fell.wire)


def _stands(look: Look, *, now: Instant, zone: str) -> Stands:
    return Stands(look.asset, _iso(look.at, zone), float(now) - look.at / MICRO, look.says, look.why)


def _temperature(objects: Objects, looking: Looking, asked: Asked, *, batch: str) -> str:
    """Give the last reading of a sample probe in a batch, with its age."""
    readings = [*_of_looks(asked.looks), *_of_trends(objects, looking.folder, batch)]
    known = [reading for reading in readings if reading[2] is not None]
    if not known:
        return NOT_MEASURED
    at, source, value = max(known, key=lambda one: one[0])
    return f"{value:.1f} degC ({source}, {span(max(0.0, float(looking.now) - at / MICRO))} ago)"


def _of_looks(looks: Iterable[Look]) -> Iterator[tuple[int, str, float | None]]:
    for look in looks:
        value = msgspec.json.decode(bytes(look.value))
        for part in value if isinstance(value, list) else ():
            if isinstance(part, dict) and part.get("channel") == SAMPLE and isinstance(part.get("value"), float | int):
                yield look.at, f"{look.asset}.{SAMPLE}", float(part["value"])


def _of_trends(objects: Objects, folder: Path, batch: str) -> Iterator[tuple[int, str, float | None]]:
    """Give the last sample of every sample probe, from sealed chunks and from what is not sealed yet."""
    prefix = f"batch/{batch}/step/"
    for events in objects.under(prefix).values():
        for event in events:
            if event.kind == "data" and event.read(Sealed).channel.endswith(f".{SAMPLE}"):
                yield from _sealed(event.read(Sealed), folder)
    path = folder / RECENT
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        parts = line.split("\t")
        if len(parts) == 5 and parts[0].startswith(prefix) and parts[1].endswith(f".{SAMPLE}"):
            yield int(parts[2]), parts[1], float(parts[3]) if parts[3] else None


def _sealed(chunk: Sealed, folder: Path) -> Iterator[tuple[int, str, float | None]]:
    try:
        times, values = unpack(Blobs(folder / "blobs", sync=False).get(chunk.blob))
    except CellwrightError:
        return  # the record says that the file is damaged; there may be another reading
    yield times[-1], chunk.channel, values[-1]


def _left(objects: Objects, batch: str, *, now: Instant) -> Iterator[Left]:
    """Give the limits in time of a batch that count or were overrun, the next first."""
    timers = [one for one in objects.every("timer") if isinstance(one, Timer) and one.batch == batch and one.bounded]
    counting = [one for one in timers if one.going or one.state == "overrun"]
    for timer in sorted(counting, key=lambda one: float(one.due)):
        yield Left(timer.what, iso(timer.due, zone=objects.zone), float(timer.due - now))


def _own(spec: OperationSpec | None, record: Past, bound: shapes.Bound, at: _At) -> Iterator[Left]:
    """Give the longest time that the operation itself allows for the state in which it stands."""
    lasts: Mapping[str, str] = getattr(spec.operation, "lasts", {}) if spec else {}
    name = lasts.get(record.main.state, "") if record.main else ""
    value = bound.parameters[name].value if name in bound.parameters else None
    if spec is not None and record.main is not None and isinstance(value, float | int):
        due = Instant(float(record.main.since) + value)
        label = spec.parameters[name].label or name
        yield Left(f"{label} ({bound.operation}: {record.main.state})", iso(due, zone=at.zone), float(due - at.now))


def _options(opened: Open, asked: Asked, operation: type | None, *, where: str) -> Iterator[Option]:
    what, asset = opened.what, opened.asset
    resolve = f"cellwright resolve {where} --reason ... --as USER --outcome"
    never = f" If it was not: {asked.never}." if asked.never else ""
    twice = f" If it was: {asked.twice}." if asked.twice else ""
    again = " It is set again: the same set twice is one." if opened.called and opened.called.kind != "act" else twice
    yield Option("done", f"{what} counts as done and is not sent again.{never}", f"{resolve} done")
    yield Option("not done", f"{what} is sent again when the batch is restarted.{again}", f"{resolve} 'not done'")
    defective = (
        f"{what} counts as failed, {asset} goes out of service with a deviation, and the step stays held; once {asset} "
        f"is back, it is asked again whether the act was done."
    )
    yield Option("device defective", defective, f"{resolve} 'device defective'")
    stopping, aborting = (_says(operation, name) for name in ("stopping", "aborting"))
    ends = {"stop": stopping, "abort": stopping if aborting == "As stopping." else aborting}
    for order, told in ends.items():
        follows = told or f"The batch is ended by {order}."
        yield Option(order, follows, f"cellwright {order} {where.partition(' ')[0]} --reason ... --as USER")


def _says(operation: type | None, method: str) -> str:
    """Give what an operation says of its own method, in one sentence."""
    text = inspect.getdoc(getattr(operation, method, None)) or ""
    return " ".join(text.split("\n\n")[0].split())


def _iso(at: int, zone: str) -> str:
    return iso(Instant(at / MICRO), zone=zone)
