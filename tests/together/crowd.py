"""A crowd of real processes at a live site whose batch runs: what each says and does, and what came of it.

Each process is the real command line with the secret of its person. Nothing waits longer than ``LONGEST``.
Units: s of real time.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from automation.kernel import ids
from automation.ledger.read import Reader
from tests.support.live import PEOPLE, secret_of

LONGEST = 300.0
BATCH = "L-1"
LOCKED = "erik"  # somebody has tried his secret: an alarm that people can act on
ALARM = f"account-{LOCKED}"
LOOKING = (
    ("status",),
    ("worklist",),
    ("list", "deviation"),
    ("list", "prompt"),
    ("show", "batch", BATCH),
    ("alarms", "list"),
    ("trace", "BAG-1"),
    ("instruments", "check"),
)
UNSURE = ("is recorded so far", "the command was accepted")  # what is said when the owner went away
DRAWING = ("json", "html", "pdf")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One command line of one person; ``killed_after`` (s) ends its process by SIGKILL."""

    id: str
    by: str
    words: tuple[str, ...]
    moves: bool  # it is to move something
    killed_after: float | None = None


@dataclass(frozen=True, slots=True)
class Came:
    """What a process came to."""

    wanted: Wanted
    status: int
    out: str
    err: str

    @property
    def event(self) -> int:
        """Give the event that it says it has made; 0 when none."""
        return int(json.loads(self.out)["event"]) if self.status == 0 and self.wanted.moves else 0


def drawn(seed: int, folder: Path, *, clients: int) -> list[Wanted]:
    """Draw what the crowd wants: a third looks, the others move something, some are killed on the way."""
    random = ids.keyed(seed, "crowd")
    return [_one(random, folder, f"{seed}-{n}", n) for n in range(clients)]


def _one(random: Random, folder: Path, name: str, n: int) -> Wanted:
    by = random.choice(sorted(PEOPLE))
    killed = random.uniform(0.2, 3.0) if random.random() < 0.15 else None
    match random.randrange(8):
        case 0 | 1:
            return Wanted(name, by, (*random.choice(LOOKING), "--json"), moves=False)
        case 2:
            form = random.choice(DRAWING)
            target = str(folder.parent / f"draft-{n}.{form}")
            return Wanted(name, by, ("record", BATCH, "--format", form, "-o", target, "--json"), moves=False)
        case 3:
            order = random.choice(("hold", "restart"))
            ordered = (order, BATCH, "--reason", "as drawn", "--as", "carla", "--json")
            return Wanted(name, "carla", ordered, moves=True, killed_after=killed)
        case 4:
            shelve, acknowledge = ("shelve", "--for", "5 min", "--reason", "drawn"), ("ack", "--comment", "drawn")
            act, *rest = random.choice((shelve, acknowledge))
            answered = ("alarms", act, ALARM, *rest, "--as", by, "--json")
            return Wanted(name, by, answered, moves=True, killed_after=killed)
        case number:
            target = f"D-{n}" if number < 7 else f"D-common-{random.randrange(3)}"
            opening = ("do", "deviation", target, "open", "--subject", f"batch/{BATCH}", "--title", f"seen {n}")
            return Wanted(name, by, (*opening, "--as", by, "--json"), moves=True, killed_after=killed)


def contest(prompt: str, code: str, *, clients: int) -> list[Wanted]:
    """Give as many people who all answer the same question at once."""
    people = [name for name, role in PEOPLE.items() if role == "operator"]
    return [
        Wanted(f"contest-{n}", by, ("answer", prompt, "--value", code, "--as", by, "--json"), moves=True)
        for n, by in enumerate(people * (clients // len(people)))
    ]


async def all_at_once(folder: Path, crowd: Sequence[Wanted]) -> list[Came]:
    """Let all of them start in the same moment, and wait for every one."""
    return list(await asyncio.gather(*(_process(folder, one) for one in crowd)))


async def while_the_owner_dies(folder: Path, crowd: Sequence[Wanted], owner: int, *, after: float) -> list[Came]:
    """Let all of them start, and kill the owner (a process id) a while (s) after that."""
    asyncio.get_running_loop().call_later(after, os.kill, owner, signal.SIGKILL)
    return await all_at_once(folder, crowd)


async def _process(folder: Path, wanted: Wanted) -> Came:
    words = (sys.executable, "-m", "automation", *wanted.words, "--site", str(folder))
    secrets = {"CELLWRIGHT_SECRET": secret_of(wanted.by), "CELLWRIGHT_COMMAND": wanted.id}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, env={**os.environ, **secrets}, stdout=pipe, stderr=pipe)
    loop = asyncio.get_running_loop()
    end = loop.call_later(wanted.killed_after or LONGEST, lambda: _kill(process))
    out, err = await process.communicate()
    end.cancel()
    return Came(wanted, process.returncode or 0, out.decode(), err.decode())


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)


def recorded(folder: Path) -> dict[str, list[int]]:
    """Give the events of every command id that a person gave."""
    found: dict[str, list[int]] = {}
    with Reader(folder) as reader:
        for event in reader.events():
            command = str(event.fields.get("command", "")) if event.by in PEOPLE else ""
            who, _, name = command.partition("/")
            if who == event.by and name:
                found.setdefault(name, []).append(event.seq)
    return found


def wrong(came: Sequence[Came], found: dict[str, list[int]]) -> list[str]:
    """Say where the ledger and what the clients were told differ, and who got no clear answer."""
    said: list[str] = []
    for one in came:
        name, events = one.wanted.id, found.get(one.wanted.id, [])
        if len(events) > 1:
            said.append(f"{name} was done {len(events)} times: {events}")
        if one.event and events != [one.event]:
            said.append(f"{name} was told event {one.event}; the ledger has {events}")
        if one.status in {1, 2} and events and not any(word in one.err for word in UNSURE):
            said.append(f"{name} was refused and stands as {events}: {one.err}")
        if one.status not in {0, 1, 2} and one.wanted.killed_after is None:
            said.append(f"{name} ended with {one.status}: {one.err}")
        if one.status in {1, 2} and one.err.count("\n") != 1:
            said.append(f"{name} got no single paragraph: {one.err!r}")
        if one.status and not one.wanted.moves:
            said.append(f"{name} only looked and ended with {one.status}: {one.err}")
    return [*said, *(f"{name} is nobody's" for name in set(found) - {one.wanted.id for one in came})]
