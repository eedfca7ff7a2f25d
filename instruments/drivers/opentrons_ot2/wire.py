"""Grammar of an OT-2's robot server, without I/O; shared by the driver and its fake.

A *run* is what holds the robot; commands are put into it one by one and answered when they have ended. Each carries a
``key`` of ours, which the robot keeps as long as the run is current: what became of a command can be asked for later.
Wire:   HTTP/1.1 and JSON, one request at a time; ``instruments.transport.http`` frames it.
Units:  mm, uL, uL/s, ms (of a time limit).
Source: Opentrons robot-server (github Opentrons/opentrons): runs/router, run_models.py, its integration tests; the
        commands' parameters: opentrons-http-api-client 0.2.1 and PyLabRobot 0.2.2.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from automation.kernel.errors import FailedError, WireError
from instruments.transport import http

HEADERS = (("Opentrons-Version", "3"),)
PAGE = 500  # commands in one list
LONGEST = 4 * 1024 * 1024  # bytes of an answer; a list of commands is long
OLDEST = (8, 2, 0)  # of the robot's software: the first that tells which pipettes carry tips
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})")
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")

Object = Mapping[str, object]


class Status(StrEnum):
    """Where a command stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Command:
    """A command as it is put into a run."""

    kind: str
    params: Object
    key: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A command as the robot tells of it."""

    id: str
    key: str
    kind: str
    status: Status
    params: Object
    error: str = ""  # its type
    detail: str = ""


# what is asked


def ask(path: str) -> bytes:
    """Frame a question."""
    return http.request("GET", path, headers=HEADERS)


def post(path: str, data: Object) -> bytes:
    """Frame a demand; the robot wants what is in it under ``data``."""
    body = json.dumps({"data": data}, separators=(",", ":"), allow_nan=False).encode()
    return http.request("POST", path, headers=(*HEADERS, http.JSON), body=body)


def put(run: str, command: Command, *, within: float) -> bytes:
    """Frame a command; the robot answers when it has ended, or after so long (s)."""
    data = {"commandType": command.kind, "params": command.params, "intent": "setup", "key": command.key}
    return post(f"/runs/{run}/commands?waitUntilComplete=true&timeout={round(within * 1000)}", data)


# what is answered


def said(reply: bytes) -> Object:
    """Read the object of a whole answer.

    Raises FailedError for a request that the robot did not take (4xx: nothing moved), WireError for anything else.
    """
    answer = http.answer(reply)
    found = _object(answer.body)
    if 400 <= answer.status < 500:
        raise FailedError(f"the robot did not take it ({answer.status}): {_why(found)}")
    if answer.status not in {200, 201}:
        raise WireError(f"the robot answered with HTTP status {answer.status}: {_why(found)}")
    return found


def data(found: Object) -> Object:
    """Give what stands under ``data``; raises WireError when there is none."""
    return part(found, "data")


def part(found: Object, name: str) -> Object:
    """Give an object by its name; raises WireError for anything else."""
    value = found.get(name)
    if not isinstance(value, dict):
        raise WireError(f"{name} is {_short(value)}; an object is needed")
    return value


def text(found: Object, name: str) -> str:
    """Give a text by its name; raises WireError for anything else."""
    value = found.get(name)
    if not isinstance(value, str):
        raise WireError(f"{name} is {_short(value)}; text is needed")
    return value


def run_id(found: Object) -> str:
    """Give the id of a run that was created; raises WireError for one that could not stand in a path."""
    return _id(text(data(found), "id"))


def current_run(found: Object) -> str:
    """Give the id of the current run out of the list of runs; empty when there is none. Raises WireError."""
    links = part(found, "links")
    if links.get("current") is None:
        return ""
    path = text(part(links, "current"), "href")
    return _id(path.removeprefix("/runs/"))


def entry(found: Object) -> Entry:
    """Read one command; raises WireError for what is none."""
    status, error = text(found, "status"), found.get("error")
    if status not in set(Status):
        raise WireError(f"status is {_short(status)}; {', '.join(Status)} are known")
    kind, detail = "", ""
    if isinstance(error, dict):
        kind, detail = text(error, "errorType"), text(error, "detail")
    return Entry(
        text(found, "id"),
        text(found, "key"),
        text(found, "commandType"),
        Status(status),
        part(found, "params"),
        kind,
        detail,
    )


def entries(found: Object) -> tuple[Entry, ...]:
    """Read a list of commands, the oldest first; raises WireError for what is none."""
    listed = found.get("data")
    if not isinstance(listed, list):
        raise WireError(f"data is {_short(listed)}; a list is needed")
    read = []
    for one in listed:
        if not isinstance(one, dict):
            raise WireError(f"a command is {_short(one)}; an object is needed")
        read.append(entry(one))
    return tuple(read)


def answers(told: Entry, command: Command) -> Entry:
    """Give the entry when it tells of this command; raises WireError when it is another's."""
    if (told.key, told.kind) != (command.key, command.kind) or not _holds(told.params, command.params):
        raise WireError(f"{command.kind} {command.key} was answered by {told.kind} {told.key}: {_short(told.params)}")
    return told


def carrying(found: Object) -> Mapping[str, bool]:
    """Give which pipettes carry a tip, by their ids in the run; raises WireError for what does not say it."""
    states = part(data(found), "tipStates")
    carried = {}
    for pipette in states:
        value = part(states, pipette).get("hasTip")
        if not isinstance(value, bool):
            raise WireError(f"hasTip of {_short(pipette)} is {_short(value)}; true or false is needed")
        carried[pipette] = value
    return carried


def version(told: str) -> tuple[int, int, int]:
    """Read the version of the robot's software; raises WireError for what is none."""
    match = _VERSION.match(told)
    if match is None:
        raise WireError(f"api_version is {_short(told)}; a version such as 8.2.0 is needed")
    major, minor, patch = match.groups()
    return int(major), int(minor), int(patch)


def mounted(found: Object) -> Mapping[str, tuple[str, str]]:
    """Give name and serial number of the pipette on each mount that has one; raises WireError."""
    read = {}
    for mount in ("left", "right"):
        pipette = part(found, mount)
        if pipette.get("name") is not None:
            read[mount] = (text(pipette, "name"), text(pipette, "id"))
    return read


def _id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise WireError(f"the id of a run is {_short(value)}; letters, digits and - are needed")
    return value


def _holds(told: Object, asked: Object) -> bool:
    """Tell whether all that was asked is told; the robot may add what it assumed, and writes 30 as 30.0."""
    for name, value in asked.items():
        there = told.get(name)
        if isinstance(value, dict):
            if not isinstance(there, dict) or not _holds(there, value):
                return False
        elif there != value:
            return False
    return True


def _object(body: bytes) -> Object:
    try:
        found = json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise WireError(f"the answer is no JSON object: {body[:80]!r}") from error
    if not isinstance(found, dict):
        raise WireError(f"the answer is no JSON object: {body[:80]!r}")
    return found


def _why(found: Object) -> str:
    errors = found.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else found
    if not isinstance(first, dict):
        return _short(first)
    return f"{first.get('id', 'no id')}: {first.get('detail', first.get('title', 'no detail'))}"[:300]


def _short(value: object) -> str:
    return repr(value)[:80]


def _finite(word: str) -> float:
    value = float(word)
    return value if math.isfinite(value) else _refuse(word)


def _refuse(word: str) -> float:
    raise ValueError(word)
