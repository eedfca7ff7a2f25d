"""A crowd at one site: whatever clients do at once, the ledger holds exactly what was acknowledged to them.

Each client draws its commands from a seed of its own: deviations, answers to one and the same question, orders to the
batch, the same command twice, a command of which only a part is sent, and one whose answer nobody waits for.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec
import pytest

from automation.engine.requests import Done, Request
from automation.engine.site import Site
from automation.gmp.objects import Recorded
from automation.kernel import ids
from automation.ledger.verify import verify
from tests.support.owned import BATCH, asked, bytes_of, deviation, moves, owned, said, scanned, wish

CLIENTS = 12
COMMANDS = 6
PEOPLE = ("anna", "ben", "carla")


@dataclass(slots=True)
class Told:
    """What the clients know of their commands, by command id."""

    done: dict[str, int] = field(default_factory=dict)  # acknowledged: the event
    refused: set[str] = field(default_factory=set)
    unheard: set[str] = field(default_factory=set)  # sent as a whole, and the answer not waited for
    cut: set[str] = field(default_factory=set)  # sent in part


def commands(seed: int, client: int) -> Iterator[Request]:
    """Give what one client wants, in order."""
    random = ids.keyed(seed, "crowd", client)
    for n in range(COMMANDS):
        by = random.choice(PEOPLE)
        one = random.choice(
            (
                deviation(by, f"D-{client}-{n}"),
                deviation(by, f"D-{random.randrange(4)}"),
                scanned(by),
                wish(by, "direct", BATCH, random.choice(("pause", "unpause")), reason="as drawn"),
                wish(by, "do", "batch/B-1", "resolve", outcome="done", reason="as drawn"),
                wish(by, "do", "deviation/D-0", "close"),
            )
        )
        yield msgspec.structs.replace(one, id=f"{client}-{n}")


async def behave(site: Site, request: Request, random: Random, told: Told) -> None:
    """Give one command as clients do: well, twice, in part, or without waiting for the answer."""
    line = bytes_of(request)
    match random.choice(("well", "well", "twice", "cut", "unheard")):
        case "cut":
            told.cut.add(request.id)
            await asyncio.to_thread(said, site.folder, line[: random.randrange(len(line))], close=True)
        case "unheard":
            told.unheard.add(request.id)
            await asyncio.to_thread(said, site.folder, line, close=True)
        case how:
            came = [await asked(site, request) for _ in range(2 if how == "twice" else 1)]
            seqs = {one.seq for one in came if isinstance(one, Done)}
            assert len(seqs) <= 1, "the same command was done twice"
            told.done.update(dict.fromkeys([request.id] * len(seqs), *seqs))
            told.refused |= set() if seqs else {request.id}


@pytest.mark.requirement("C01.2")
@pytest.mark.parametrize("seed", [1, 2])
def test_the_ledger_holds_exactly_what_was_acknowledged(tmp_path: Path, seed: int) -> None:
    """Nothing more but what nobody waited to hear, nothing less, nothing twice, each at the event that was named."""
    told = Told()

    async def client(site: Site, number: int) -> None:
        random = ids.keyed(seed, "behaviour", number)
        for request in commands(seed, number):
            await behave(site, request, random, told)

    async def job(site: Site) -> None:
        await asyncio.gather(*(client(site, number) for number in range(CLIENTS)))

    owned(tmp_path, job)
    kinds = ("deviation", "prompt", "batch/B-1")
    of_people = [e for kind in kinds for e in moves(tmp_path, kind) if "/step/" not in e.stream and e.by in PEOPLE]
    recorded = [(event.read(Recorded).command.partition("/")[2], event.seq) for event in of_people]
    named = {name: seq for name, seq in recorded if name}
    assert len(named) == sum(1 for name, _ in recorded if name)
    assert {name: seq for name, seq in named.items() if name not in told.unheard} == told.done
    assert not set(named) & (told.cut | told.refused)
    assert (len(told.done) >= CLIENTS // 2, verify(tmp_path).intact) == (True, True)
