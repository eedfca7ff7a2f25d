"""Several people at once: who calls the owner of a site is answered once, in bounded time, and nothing is half made.

Real sockets and real time; see ``tests.together`` for the same with real processes.
"""

import asyncio
import socket
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from automation.engine.caller import accepted, ask
from automation.engine.owner import LONGEST, Bounds
from automation.engine.requests import Done
from automation.engine.site import Site
from automation.gmp.door import Command
from automation.kernel.errors import OwnedError
from tests.support.owned import (
    FIRST,
    asked,
    by_people,
    bytes_of,
    call,
    deviation,
    moves,
    owned,
    reply_to,
    said,
    scanned,
    signer,
    wish,
)

SECOND = "B-1.receive.1.2"
RUBBISH = (b"\n", b"{}\n", b"[1]\n", b"\xff\xfe\n", b'{"what": "do"}\n', b"GET / HTTP/1.1\r\n\r\n", b"nul\x00\n")


@pytest.mark.requirement("C01.2")
def test_of_two_people_who_answer_at_once_exactly_one_wins_and_the_other_is_told_who(tmp_path: Path) -> None:
    """Both looked at the same open question."""

    async def job(site: Site) -> list[Done | str]:
        seen = site.house.ledger.version(f"prompt/{FIRST}")
        both = [msgspec.structs.replace(scanned(by), seen=seen) for by in ("anna", "ben")]
        return await asyncio.gather(*(asked(site, one) for one in both))

    came_to = owned(tmp_path, job)
    winner = next(one for one in came_to if isinstance(one, Done))
    loser = next(one for one in came_to if isinstance(one, str))
    answers = [event for event in moves(tmp_path, f"prompt/{FIRST}") if event.kind == "answer"]
    assert [event.seq for event in answers] == [winner.seq]
    assert f"it is answered (answer by {answers[0].by}, event {winner.seq}); look again" in loser


@pytest.mark.requirement("C01.2")
def test_a_client_that_is_killed_at_any_byte_of_its_request_leaves_nothing(tmp_path: Path) -> None:
    """Not even when only the end of the line is missing; the whole line counts."""
    line = bytes_of(deviation("anna", "D-1"))

    async def job(site: Site) -> list[int]:
        for end in range(len(line)):
            await asyncio.to_thread(said, site.folder, line[:end], close=True)
        await asyncio.to_thread(said, site.folder, line[:-1])
        cut = len(by_people(site))
        await asyncio.to_thread(said, site.folder, line)
        return [cut, len(by_people(site))]

    assert owned(tmp_path, job) == [0, 1]


def test_rubbish_is_answered_with_one_error_and_changes_nothing(tmp_path: Path) -> None:
    """Neither a line without end nor a form with wrong values disturbs the owner."""
    wrong_values = bytes_of(wish("anna", "answer", FIRST, values={"code": [1, 2]}))

    async def job(site: Site) -> tuple[list[str], int]:
        sent = (*RUBBISH, b"x" * (LONGEST + 2) + b"\n", wrong_values)
        found = [await asyncio.to_thread(reply_to, site.folder, one) for one in sent]
        return [one.error for one in found], len(by_people(site))

    assert owned(tmp_path, job) == (["InputError"] * (len(RUBBISH) + 2), 0)


def test_who_is_silent_or_slow_is_sent_away_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    """One says nothing, one stops in the middle of a line; others are answered meanwhile."""

    async def job(site: Site) -> tuple[object, list[bytes]]:
        idle = [call(site.folder) for _ in range(3)]
        idle[1].sendall(b'{"what": ')
        done = await asked(site, deviation("anna", "D-1"))
        ends = [await asyncio.to_thread(one.recv, 1) for one in idle]
        for one in idle:
            one.close()
        return done, ends

    done, ends = owned(tmp_path, job, Bounds(talk=0.3))
    assert isinstance(done, Done)
    assert ends == [b"", b"", b""]


def test_one_call_is_one_command(tmp_path: Path) -> None:
    """What stands behind the first line is not read: a caller costs the owner one answer, taken or not."""
    lines = [bytes_of(deviation("anna", f"D-{n}")) for n in range(3)]

    async def job(site: Site) -> tuple[bytes, int]:
        answer = await asyncio.to_thread(said, site.folder, b"".join(lines))
        return answer, len(by_people(site))

    answer, events = owned(tmp_path, job)
    assert (answer.count(b"\n"), events) == (1, 1)


def test_too_many_callers_are_told_to_try_again(tmp_path: Path) -> None:
    """Those who are there already are served."""

    async def job(site: Site) -> list[object]:
        crowd = [call(site.folder) for _ in range(2)]
        more = await asked(site, deviation("anna", "D-1"))
        for one in crowd:
            one.close()
        while not isinstance(done := await asked(site, deviation("anna", "D-1")), Done):
            assert "try again" in done
        return [more, done]

    refused, done = owned(tmp_path, job, Bounds(most=2))
    assert str(refused).startswith("OwnedError: ")
    assert "too many call at once; try again" in str(refused)
    assert isinstance(done, Done)


@pytest.mark.requirement("C01.2")
def test_a_command_that_comes_again_is_done_once(tmp_path: Path) -> None:
    """Over the same line, over another, and for every kind of command; its id belongs to it alone."""
    orders = [deviation("anna", "D-1"), scanned("anna"), wish("anna", "direct", "B-1", "pause", reason="clearance")]
    orders = [msgspec.structs.replace(one, id=f"id-{n}") for n, one in enumerate(orders)]
    other = msgspec.structs.replace(deviation("anna", "D-2"), id="id-0")

    async def job(site: Site) -> tuple[list[set[int]], object, bool]:
        came = [[await asked(site, one) for _ in range(3)] for one in orders]
        events = [accepted(site.folder, one) for one in orders]
        told = [{one.seq for one in three if isinstance(one, Done)} for three in came]
        same = told == [{event.seq} for event in events if event is not None]
        return told, await asked(site, other), same

    told, refused, same = owned(tmp_path, job)
    assert ([len(one) for one in told], same) == ([1, 1, 1], True)
    assert "InputError: command id 'anna/id-0' is that of another command (open deviation/D-1 by anna" in str(refused)


@pytest.mark.requirement("F047.2")
@pytest.mark.requirement("F047.2", refuses=True)
def test_who_verifies_an_entry_verifies_what_was_seen(tmp_path: Path) -> None:
    """Between looking and verifying it was disputed and entered anew: the second look is demanded."""

    async def job(site: Site) -> tuple[object, object]:
        door = site.house.door
        asking = {"kind": "enter", "text": "Viability?", "fields": [{"name": "v", "unit": "%"}], "second": True}
        door.enter(Command("prompt/P", "open", asking, "system:runner"))
        entered = wish("anna", "answer", "P", values={"v": 91})
        await asked(site, entered)
        seen = site.house.ledger.version("prompt/P")
        await asked(site, wish("ben", "do", "prompt/P", "dispute", reason="the printout says 19"))
        await asked(site, wish("anna", "answer", "P", values={"v": 19}))
        verify = msgspec.structs.replace(wish("ben", "answer", "P"), signers=(signer("ben", ""),), seen=seen)
        stale = await asked(site, verify)
        return stale, await asked(site, msgspec.structs.replace(verify, seen=site.house.ledger.version("prompt/P")))

    stale, done = owned(tmp_path, job)
    assert "ConflictError: prompt/P has moved on since you looked: it is entered (enter by anna" in str(stale)
    assert isinstance(done, Done)


@pytest.mark.requirement("F047.2", refuses=True)
def test_a_signature_of_one_of_two_people_is_none(tmp_path: Path) -> None:
    """The one who stays has moved nothing, and the question is still open for both."""

    async def job(site: Site) -> tuple[object, str, int]:
        asking = {"kind": "witness", "text": "Line cleared?", "batch": "B-1"}
        site.house.door.enter(Command("prompt/W", "open", asking, "system:runner"))
        request = msgspec.structs.replace(wish("anna", "answer", "W"), signers=(signer("anna", "performed"),))
        refused = await asked(site, request)
        return refused, str(site.answers.prompt("W").state), len(site.house.ledger.stream("prompt/W"))

    refused, state, events = owned(tmp_path, job)
    assert "needs a signature with the meaning 'verified'" in str(refused)
    assert (state, events) == ("open", 1)


def test_what_waited_too_long_at_the_owner_is_not_begun(tmp_path: Path) -> None:
    """The client has given up long ago, and told its person that nothing will come of it."""
    late = msgspec.structs.replace(deviation("anna", "D-1"), until=1.0)

    async def job(site: Site) -> str:
        return (await asyncio.to_thread(reply_to, site.folder, bytes_of(late))).message

    assert "waited too long and was not carried out" in owned(tmp_path, job)


def test_the_peers_socket_is_closed_when_the_owner_leaves(tmp_path: Path) -> None:
    """Who is connected and has not asked yet hears the end, and asked nothing."""
    lines: list[socket.socket] = []

    async def job(site: Site) -> None:
        lines.append(call(site.folder))
        await asked(site, deviation("anna", "D-1"))  # who called first is connected by then

    owned(tmp_path, job)
    with lines[0] as wire:
        assert wire.recv(1) == b""


@pytest.mark.requirement("C01")
def test_who_waits_when_the_owner_leaves_is_told_to_ask_again(tmp_path: Path) -> None:
    """The order is on record already; given again with its id it is answered with that event, and not done twice."""
    order = msgspec.structs.replace(wish("anna", "direct", "B-1", "pause", reason="clearance"), id="one")
    with ThreadPoolExecutor(1) as threads:

        async def job(site: Site) -> Future[Done]:
            waiting = threads.submit(ask, site.folder, order)
            while site.house.door.find("batch", "B-1").state == "running":
                await site.house.desk.changed("batch")
            return waiting

        waiting = owned(tmp_path, job, Bounds(grace=0.0))
        with pytest.raises(OwnedError, match="its owner has left; try again"):
            waiting.result()
    event = accepted(tmp_path, order)
    assert event is not None
    assert (event.kind, event.by) == ("pause", "anna")
