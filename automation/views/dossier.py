"""Dossiers: everything that is on record about a lot, an asset or a period, as files, with a manifest of their hashes.

A lot brings its order with all that was done for it, its release, what carries its mark, what is about any of that or a
container of it, and the actions that came from it; other lots of the order stay out. An asset brings what carries its
mark, and the batches that it was claimed for; a period what moved in it. Questions to people and time limits stand in
the batch record and get no file.
Source: 21 CFR 211.180(c) (copies readily available), 11.10(b) (accurate and complete copies); EU GMP chapter 4, 4.12.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from automation.gmp.marks import of_asset, of_batch, of_container, of_order, of_subject
from automation.gmp.objects import Thing, marks_of
from automation.gmp.product.batches import Batch
from automation.gmp.registry import KINDS
from automation.kernel.clock import MICRO
from automation.kernel.quantity import Instant
from automation.views.narrative import narrative
from automation.views.objects import Objects
from automation.views.story import tell

_IN_THE_RECORD = frozenset({"prompt", "timer"})
_MANIFEST = "manifest.json"
_CONTAINER = "container/"


class About(StrEnum):
    """What a dossier is about."""

    LOT = "lot"
    ASSET = "asset"
    PERIOD = "period"
    ANALYSES = "analyses"  # every result by one specification, as tables for a submission


@dataclass(frozen=True, slots=True)
class Stretch:
    """A period: from a moment, up to another one."""

    begin: Instant
    end: Instant


def of_lot(objects: Objects, batch: str) -> tuple[str, ...]:
    """Give the streams of the objects that belong to a lot; raises InputError for one that is not known."""
    made = objects.known("batch", batch)
    own, marks, others = [f"batch/{batch}"], {of_batch(batch)}, []
    if objects.has("release", batch):
        own.append(f"release/{batch}")
    order = made.issue.order if isinstance(made, Batch) and made.issue is not None else ""
    if order:
        own.append(f"order/{order}")
        marks.add(of_order(order))
        others = [f"batch/{one.id}" for one in objects.marked("batch", of_order(order)) if one.id != batch]
    return _closure(objects, own, marks=marks, without=others)


def of_device(objects: Objects, asset: str) -> tuple[str, ...]:
    """Give the streams of the objects that belong to an asset; raises InputError for one that is not known."""
    objects.known("asset", asset)
    told = tell(KINDS["asset"], tuple(objects.streams[f"asset/{asset}"]))
    batches = dict.fromkeys(str(getattr(fact.body, "batch", "")) for fact in told.facts)
    used = tuple(f"batch/{name}" for name in batches if name and objects.has("batch", name))
    return (*_closure(objects, [f"asset/{asset}"], marks={of_asset(asset)}), *used)


def of_period(objects: Objects, stretch: Stretch) -> tuple[str, ...]:
    """Give the streams of the objects that moved in a period."""
    return tuple(
        stream
        for stream, events in objects.streams.items()
        if _is_told(objects, stream)
        and any(stretch.begin <= Instant(event.at / MICRO) < stretch.end for event in events)
    )


def files(
    objects: Objects, title: str, streams: Iterable[str], more: Mapping[str, bytes], *, wrong: str = ""
) -> dict[str, bytes]:
    """Give the files of a dossier by their names: a narrative of each object, ``more``, an index, and the manifest.

    ``wrong`` says what of the ledger is not intact; index and manifest say it.
    """
    told = {_name(stream): _text(objects, stream) for stream in streams}
    found = {**told, **more, "index.md": _index(objects, title, streams, wrong=wrong)}
    head = objects.reader.last_head()
    said = {
        "title": title,
        "simulated": objects.simulated,
        "ledger": objects.reader.genesis.ledger,
        "as_of": objects.reader.last.seq,
        "head": head.said.hash if head else "",
        "intact": not wrong,
        "files": {name: hashlib.sha256(found[name]).hexdigest() for name in sorted(found)},
    }
    return {**dict(sorted(found.items())), _MANIFEST: msgspec.json.format(msgspec.json.encode(said), indent=2)}


def _closure(
    objects: Objects, start: Collection[str], *, marks: Collection[str], without: Collection[str] = ()
) -> tuple[str, ...]:
    """Give the streams of what carries a mark, and of what is about any of that, until nothing is new."""
    carried = {f"{word}/{one.id}": set(marks_of(one)) for word in KINDS for one in objects.every(word)}
    left = {stream: has for stream, has in carried.items() if stream not in without}
    found = dict.fromkeys(start)
    marks = {*marks, *_marks_about(start)}
    while new := [stream for stream, has in left.items() if stream not in found and has & marks]:
        found |= dict.fromkeys(new)
        marks |= _marks_about(new)
    return tuple(stream for stream in found if _is_told(objects, stream))


def _marks_about(streams: Collection[str]) -> set[str]:
    """Give the marks of what is about some objects; papers of custody carry that of their container."""
    containers = (stream.removeprefix(_CONTAINER) for stream in streams if stream.startswith(_CONTAINER))
    return {*map(of_subject, streams), *map(of_container, containers)}


def _is_told(objects: Objects, stream: str) -> bool:
    kind, _, name = stream.partition("/")
    return kind in KINDS and kind not in _IN_THE_RECORD and "/" not in name and objects.has(kind, name)


def _name(stream: str) -> str:
    return f"objects/{stream.replace('/', '-')}.md"


def _text(objects: Objects, stream: str) -> bytes:
    kind, name = stream.split("/", 1)
    text = narrative(objects, kind, name=name).text
    return f"SIMULATED\n\n{text}".encode() if objects.simulated else text.encode()


def _index(objects: Objects, title: str, streams: Iterable[str], *, wrong: str) -> bytes:
    marks = [*(["SIMULATED", ""] if objects.simulated else []), *([f"LEDGER NOT INTACT: {wrong}", ""] if wrong else [])]
    lines = [*marks, f"# {title}", "", *_rows(objects, streams), ""]
    return "\n".join(lines).encode()


def _rows(objects: Objects, streams: Iterable[str]) -> Iterator[str]:
    for stream in streams:
        kind, _, name = stream.partition("/")
        thing: Thing = objects.find(kind, name)
        yield f"- [{kind} {name}]({_name(stream)}): {thing.state}"
