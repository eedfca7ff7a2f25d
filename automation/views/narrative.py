"""Narratives: what is on record about an object, in sentences of a fixed form, each with the event that it is from.

Nothing is said that is not recorded: who, when, which command, what was stated, under which signature. What a complete
record would have and this one has not is listed at the end, as missing. Words of people stand in quotation marks.
Units:  times in the site's zone.
Source: 21 CFR 211.192 (written record of the investigation); 21 CFR 211.180(e).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel

from automation.gmp.due import dues_of
from automation.gmp.objects import Fact, Signed, Thing
from automation.gmp.quality.deviations import Deviation
from automation.gmp.registry import KINDS
from automation.kernel.clock import MICRO, iso
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant
from automation.ledger.event import Event
from automation.views.objects import Objects
from automation.views.story import Told, tell
from automation.views.wording import show

_BEFORE = 12  # moves of the subject that are told, the last ones before


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and the event that it is from."""

    text: str
    event: int


@dataclass(frozen=True, slots=True)
class Part:
    """Sentences under a heading."""

    title: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Narrative:
    """What is on record about one object, and what is not."""

    object: str
    parts: tuple[Part, ...]
    missing: tuple[str, ...]

    @property
    def text(self) -> str:
        """Give it as Markdown."""
        lines = [f"# {self.object}", ""]
        for part in self.parts:
            lines += [f"## {part.title}", "", *(f"{one.text} [event {one.event}]" for one in part.sentences), ""]
        lines += [
            "## Not on record",
            "",
            *(f"- {one}" for one in self.missing or ("all that is looked for is there",)),
            "",
        ]
        return "\n".join(lines)


def narrative(objects: Objects, kind: str, *, name: str) -> Narrative:
    """Tell an object of a site; raises InputError for one that is not there."""
    thing = objects.known(kind, name)
    own = _told(objects, f"{kind}/{name}")
    parts = [Part("What happened", tuple(_sentences(own, objects.zone)))]
    for title, streams in _around(thing):
        found = [_told(objects, stream) for stream in streams if _is_there(objects, stream)]
        until = own.events[0].seq if title == "Before" else objects.reader.last.seq
        said = [one for told in found for one in _sentences(told, objects.zone) if one.event <= until]
        kept = sorted(said, key=lambda one: one.event)[-_BEFORE if title == "Before" else 0 :]
        if kept:
            parts.append(Part(title, tuple(kept)))
    return Narrative(f"{kind} {name}", tuple(parts), tuple(_missing(thing)))


def _around(thing: Thing) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the streams that belong to the story of an object."""
    opening = getattr(thing, "opening", None) or getattr(thing, "report", None)
    subject = str(getattr(opening, "subject", ""))
    if subject:
        yield "Before", ("/".join(subject.split("/")[:2]),)  # of a step, its batch
    if isinstance(thing, Deviation):
        yield "Evidence", tuple(dict.fromkeys(one for line in thing.investigation for one in line.evidence))
        yield "Actions", tuple(f"capa/{one}" for one in (thing.conclusion.capa if thing.conclusion else ()))


def _is_there(objects: Objects, stream: str) -> bool:
    kind, _, name = stream.partition("/")
    return kind in KINDS and "/" not in name and objects.has(kind, name)


def _told(objects: Objects, stream: str) -> Told[object]:
    kind = stream.partition("/")[0]
    if not objects.streams.get(stream):
        raise InputError(f"{stream} has no event")
    return tell(KINDS[kind], tuple(objects.streams[stream]))


def _sentences(told: Told[object], zone: str) -> Iterator[Sentence]:
    for event, fact in zip(told.events, told.facts, strict=True):
        yield Sentence(sentence(event, fact, zone=zone), event.seq)


def sentence(event: Event, fact: Fact, *, zone: str) -> str:
    """Tell one event: when, who, what, what was stated, and who signed it as what."""
    when = iso(Instant(event.at / MICRO), zone=zone)[:16].replace("T", " ")
    kind, _, name = event.stream.partition("/")
    said = "; ".join(_stated(fact.body))
    signed = "; ".join(_signed(one) for one in fact.signed)
    what = f"{when} {event.by}: {event.kind.replace('_', ' ')}, {kind} {name}"
    return f"{what}{': ' if said else ''}{said}{f' ({signed})' if signed else ''}."


def _signed(one: Signed) -> str:
    return f"signed by {one.name} as {one.meaning}"


def _stated(body: object) -> Iterator[str]:
    """Give what was stated, field by field in the words of the form; what was left empty is left out."""
    if not isinstance(body, BaseModel):
        return
    for name, one in type(body).model_fields.items():
        value = getattr(body, name)
        if value not in (None, "", ()):
            more = one.json_schema_extra
            unit = more.get("unit", "") if isinstance(more, dict) else ""
            yield f"{one.title or name} {_quoted(value)}{unit and f' {unit}'}"


def _quoted(value: object) -> str:
    match value:
        case tuple():
            return ", ".join(_quoted(one) for one in cast("tuple[object, ...]", value))
        case BaseModel():
            return f"({'; '.join(_stated(value))})"
        case str():
            return f'"{value}"'
    return show(value)


def _missing(thing: Thing) -> Iterator[str]:
    """Give what a complete record would have."""
    if isinstance(thing, Deviation):
        if not thing.investigation:
            yield "an investigation"
        if thing.conclusion is None:
            yield "root cause and impact"
        elif not thing.conclusion.capa:
            yield "a CAPA"
    yield from (due.what for due in dues_of(thing))
