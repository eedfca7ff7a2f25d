"""Targets: what people and other processes ask of a site: commands, answers to prompts, the owner's socket."""

import asyncio
import contextlib
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

import msgspec

from automation.bootstrap import Way, open_site
from automation.engine.answers import Answers, Given
from automation.engine.caller import read
from automation.engine.owner import NAME, Bounds, Reply, bell
from automation.gmp.form import Value
from automation.gmp.registry import KINDS
from automation.kernel.errors import CellwrightError, InputError
from automation.kernel.untrusted import UNREADABLE
from automation.ledger.read import Reader
from automation.surfaces.documents.record import render
from automation.views.batch_record import batch_record
from automation.views.redrawn import difference
from tests.fuzz.hands import ODD
from tests.fuzz.target import Attempt, BrokenError, Target, pure
from tests.support.commands import simulated_site
from tests.support.doors import SECOND, SYSTEM, doorway, proof
from tests.support.told_batch import BATCH, whole
from tests.unit.gmp.moves import stated

LIFE = 40
_Shape = dict[str, object]


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One command as somebody sends it."""

    stream: str
    command: str
    body: _Shape = {}
    by: str = SYSTEM
    meanings: tuple[str, ...] = ()


class Answered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer as somebody sends it."""

    prompt: str
    values: dict[str, Value] = {}
    comment: str = ""


def _odd(data: bytes, told: Callable[[], Sequence[bytes]], key: str) -> bytes:
    """Make of any bytes one of the good ones, of which one value under ``key`` is odd."""
    chosen = int.from_bytes(hashlib.sha256(data).digest()[:8], "big")
    good = told()
    said: dict[str, _Shape] = json.loads(good[chosen % len(good)])
    names = sorted(said[key]) or ["reason"]
    said[key][names[chosen // 97 % len(names)]] = ODD[chosen // 9973 % len(ODD)]
    return json.dumps(said).encode()


@cache
def _commands() -> tuple[bytes, ...]:
    """Give a command for every row of every table, each with a body that its rules accept."""
    found = []
    with tempfile.TemporaryDirectory() as made, doorway(Path(made)) as way:
        for kind, row in ((kind, row) for kind, one in KINDS.items() for row in one.table.rows):
            by = SYSTEM if "system" in row.by else SECOND
            given = stated(way, kind, row, name="X")
            said = Said(stream=f"{kind}/X", command=row.command, body=given, by=by, meanings=tuple(row.signs))
            found.append(msgspec.json.encode(said))
    return tuple(dict.fromkeys(found))


def _decoded(data: bytes, kind: type[msgspec.Struct]) -> msgspec.Struct:
    try:
        return msgspec.json.decode(data, type=kind)
    except UNREADABLE as error:
        raise InputError(f"no command: {error}") from None


@contextlib.contextmanager
def _door() -> Iterator[Attempt]:
    with tempfile.TemporaryDirectory() as made, doorway(Path(made)) as way:

        def attempt(data: bytes) -> object:
            """Command; what is refused has changed nothing, and what is recorded is folded to the same objects."""
            said = _decoded(data, Said)
            assert isinstance(said, Said)
            version = way.ledger.version(said.stream)
            signs = tuple(proof(SECOND, meaning) for meaning in said.meanings) or (proof(said.by),)
            try:
                event = way.do(said.stream, said.command, said.body, by=said.by, signs=signs)
            except CellwrightError:
                if way.ledger.version(said.stream) != version:
                    raise BrokenError(f"{said.stream} was moved and refused") from None
                raise
            word = event.stream.partition("/")[0]
            if list(way.rebuilt().every(word)) != list(way.door.every(word)):
                raise BrokenError(f"{event.stream} rebuilt is not the live one")
            return event.kind

        yield attempt


_FIELDS = (
    {"name": "mass", "unit": "g", "low": 1.0, "high": 50.0, "decimals": 2},
    {"name": "kit", "label": "Kit"},
    {"name": "colour", "options": ["red", "blue"]},
)
PROMPTS: Mapping[str, _Shape] = {
    "P-confirm": {"kind": "confirm"},
    "P-enter": {"kind": "enter", "fields": list(_FIELDS)},
    "P-scan": {"kind": "scan", "expects": "container label", "accept": ["C-1"]},
    "P-any": {"kind": "scan"},
    "P-choose": {"kind": "choose", "options": ["hold", "go on"]},
    "P-attach": {"kind": "attach"},
}
VALUES: Mapping[str, _Shape] = {
    "P-confirm": {"confirmed": True},
    "P-enter": {"mass": "20.40", "kit": "K-1", "colour": "red"},
    "P-scan": {"code": "CONTAINER:C-1"},
    "P-any": {"code": "=A99992112345600"},
    "P-choose": {"choice": "hold"},
    "P-attach": {"file": "a" * 64},
}


@contextlib.contextmanager
def _prompts() -> Iterator[Attempt]:
    with tempfile.TemporaryDirectory() as made, doorway(Path(made)) as way, asyncio.Runner() as runner:
        way.do("container/C-1", "expect", {"identity": "COI-1"})
        way.do("container/C-2", "expect", {"identity": "COI-2"})
        for name, opening in PROMPTS.items():
            way.do(f"prompt/{name}", "open", {"text": "?", **opening})
        answers = Answers(way.door)

        def attempt(data: bytes) -> object:
            """Answer a prompt; a number that was taken is one."""
            said = _decoded(data, Answered)
            assert isinstance(said, Answered)
            given = Given(said.prompt, SECOND, said.values, comment=said.comment)
            runner.run(answers.give(given))
            return answers.prompt(said.prompt).values or True

        yield attempt


def _answers() -> Sequence[bytes]:
    other = {"prompt": "P-scan", "values": {"code": "CONTAINER:C-2"}}
    return [json.dumps(one).encode() for one in (*({"prompt": n, "values": v} for n, v in VALUES.items()), other)]


REQUESTS: Sequence[_Shape] = (
    {"what": "do", "target": "deviation/D-1", "command": "open", "body": {"subject": "batch/B1", "title": "late"}},
    {
        "what": "do",
        "target": "alarm/a-1",
        "command": "raise",
        "body": {"source": "f", "message": "m", "priority": "high"},
    },
    {"what": "do", "target": "person/anna", "command": "renew_secret", "body": {"secret": "anna-simulated-2"}},
    {"what": "do", "target": "terminal/terminal-1", "command": "unlock", "body": {"reason": "it was she"}},
    {
        "what": "direct",
        "target": "B-1",
        "terminal": "terminal-1",
        "command": "pause",
        "body": {"reason": "line clearance", "step": ""},
    },
    {"what": "answer", "target": "B-1.x", "body": {"values": {"code": "C"}, "comment": ""}, "seen": 1},
    {"what": "look", "target": "deviation/D-1"},
)


def _requests() -> Sequence[bytes]:
    who = {
        "by": "anna",
        "secret": "anna-simulated",
        "signers": [{"person": "ben", "secret": "x", "meaning": "performed"}],
    }
    return [json.dumps({"body": {}, **one, **who, "id": f"i{n}"}).encode() + b"\n" for n, one in enumerate(REQUESTS)]


@contextlib.contextmanager
def _owner() -> Iterator[Attempt]:
    """Own a site in real time, and let a client say bytes on its socket; every answer is a reply, and none is lost."""
    with tempfile.TemporaryDirectory() as made, asyncio.Runner() as runner:
        broken: list[str] = []
        runner.get_loop().set_exception_handler(lambda _loop, context: broken.append(str(context)[:300]))
        site = runner.run(open_site(simulated_site(Path(made) / "s"), Way(staffed=False)))
        ringing = bell(site, Bounds(talk=5.0))
        runner.run(ringing.__aenter__())

        def attempt(data: bytes) -> object:
            said = runner.run(_talk(str(site.folder / NAME), data))
            if broken:
                raise BrokenError(f"the owner's socket came to grief: {broken.pop()}")
            replies = [msgspec.json.decode(line, type=Reply) for line in said.splitlines()]
            if b"\n" in data and not replies:
                raise BrokenError("a whole line was not answered")
            return [one.done for one in replies if one.done is not None] or None

        yield attempt
        runner.run(ringing.__aexit__(None, None, None))
        site.close()


async def _talk(place: str, data: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(place)
    with contextlib.suppress(ConnectionError):
        writer.write(data)
        writer.write_eof()
        await writer.drain()
    try:
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


def _replies() -> Sequence[bytes]:
    return [
        b'{"done":{"target":"batch/B-1","state":"paused","seq":7}}\n',
        b'{"error":"InputError","message":"no"}\n',
        b'{"error":"OwnedError","message":"later"}\n',
    ]


@cache
def _drawn() -> bytes:
    with tempfile.TemporaryDirectory() as made, whole(Path(made)) as told, Reader(Path(made)) as reader:
        return render(batch_record(reader, told.blobs, BATCH), "json", reader=reader)


@contextlib.contextmanager
def _redrawn() -> Iterator[Attempt]:
    with tempfile.TemporaryDirectory() as made:
        place = Path(made) / "record.json"

        def attempt(data: bytes) -> object:
            place.write_bytes(data)
            return difference(place) == "" or None

        yield attempt


AUTHORISED = "whoever gives it is known by an own secret, may do it, and signs what was shown"
DOORS: tuple[Target, ...] = (
    Target(
        name="door",
        covers=("automation.gmp.door", "automation.gmp.objects"),
        corpus=_commands,
        fresh=_door,
        seal=partial(_odd, told=_commands, key="body"),
        harmless=AUTHORISED,
        life=LIFE,
        share=0.01,
    ),
    Target(
        name="prompt answers",
        covers=("automation.engine.answers", "automation.gmp.form"),
        corpus=_answers,
        fresh=_prompts,
        seal=partial(_odd, told=_answers, key="values"),
        harmless="plausible by the limits of its field; what is critical is verified by a second person",
        life=LIFE,
        share=0.01,
    ),
    Target(
        name="owner's socket",
        covers=("automation.engine.owner", "automation.engine.requests"),
        corpus=_requests,
        fresh=_owner,
        seal=lambda data: _odd(data, _requests, "body") + b"\n",
        harmless=AUTHORISED,
        life=1000,
        share=0.005,
    ),
    Target(
        name="owner's answer",
        covers=("automation.engine.caller",),
        corpus=_replies,
        fresh=pure(read),
        harmless="of the same user, over a socket that no other may open; the ledger knows what was done",
    ),
    Target(
        name="batch record",
        covers=("automation.views.redrawn",),
        corpus=lambda: [_drawn()],
        fresh=_redrawn,
        harmless="when it was drawn, and what vouches for it, are its own words; all else is drawn from proved events",
        share=0.002,
    ),
)
