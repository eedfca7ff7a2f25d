"""Notices: written into the ledger first, sent afterwards, tried again until they are, each under its id."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from automation.bootstrap import Way, begins, open_site, read_site
from automation.gmp.door import Command
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.quantity import Seconds
from automation.ledger.read import Reader
from tests.support.commands import Said, cellwright
from tests.support.runs import make_site


class Mailbox(socketserver.ThreadingTCPServer):
    """A mail host on the loopback that keeps what it is told."""

    allow_reuse_address = True

    def __init__(self) -> None:
        """Listen at a free port."""
        self.mails: list[str] = []
        super().__init__(("127.0.0.1", 0), _Session)


class _Session(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as one mail needs."""

    def handle(self) -> None:
        """Answer line by line; after DATA up to the dot alone."""
        box = self.server
        assert isinstance(box, Mailbox)
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                box.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 good\r\n")
            if word == b"QUIT":
                return


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """Serve a mailbox in a thread of its own."""
    with Mailbox() as box:
        thread = threading.Thread(target=box.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield box
        finally:
            box.shutdown()
            thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site with a deviation that should have been concluded ten days ago."""
    folder = make_site(tmp_path / "site")

    async def main(clock: SimulatedClock) -> None:
        site = await open_site(folder, Way(staffed=False), clock=clock)
        for number, days in enumerate((40.0, 0.0)):
            body = {"subject": "asset/crf-01", "title": "lid open"}
            await site.house.door.submit(Command(f"deviation/DV-{number}", "open", body, "anna"))
            await clock.sleep(Seconds(days * 86_400.0))
        await site.leave()

    run_simulated(main, start=begins(folder, read_site(folder)))
    return folder


def notices(folder: Path, *words: str) -> Said:
    """Let the supervisor's sender run once."""
    return cellwright("notices", *words, "--as", "carla", "--json", "--site", str(folder))


def outbox(folder: Path) -> list[str]:
    """Give what the ledger says of notices."""
    with Reader(folder) as reader:
        return [event.kind for event in reader.stream("outbox")]


@pytest.mark.requirement("F072", "F174.1")
def test_what_is_overdue_goes_to_its_owner_and_to_whom_it_escalates_once(folder: Path, tmp_path: Path) -> None:
    """One file each in the spool; the next run has nothing to send."""
    spool = tmp_path / "spool"
    assert len(cast("list[str]", notices(folder, "--spool", str(spool)).data["sent"])) == 2
    told = [json.loads(path.read_text(encoding="utf-8")) for path in spool.iterdir()]
    assert sorted((one["to"], one["urgency"], one["simulated"]) for one in told) == [
        ("approve", "overdue", True),
        ("investigate", "overdue", True),
    ]
    assert notices(folder, "--spool", str(spool)).data == {"simulated": True, "sent": [], "failed": {}}


@pytest.mark.requirement("F174.1")
def test_what_could_not_be_sent_is_written_all_the_same_and_sent_by_the_next_run(folder: Path) -> None:
    """No move waits for a mail host; the id stays, and no password reaches the ledger."""
    everybody = ("--to", "approve=qa@site.example", "--to", "investigate=lab@site.example")
    with mailbox() as box:
        port = box.server_address[1]
    away = notices(folder, "--smtp", f"127.0.0.1:{port}", *everybody)
    assert (away.status, outbox(folder)) == (1, ["notice", "notice", "gathered"])
    with mailbox() as box:
        said = notices(folder, "--smtp", f"127.0.0.1:{box.server_address[1]}", *everybody)
    assert outbox(folder) == ["notice", "notice", "gathered", "sent", "sent"]
    assert all(
        f"Message-ID: <{name}@cellwright>" in "".join(box.mails) for name in cast("list[str]", said.data["sent"])
    )
    assert {line for mail in box.mails for line in mail.splitlines() if line.startswith("To:")} == {
        "To: qa@site.example",
        "To: lab@site.example",
    }


@pytest.mark.requirement("F072", "F174.1", refuses=True)
def test_who_has_no_address_and_who_may_not_send_is_said(folder: Path) -> None:
    """Nothing is sent, and nothing is noted as sent."""
    assert "--to names nobody for approve, investigate" in notices(folder, "--smtp", "127.0.0.1:9").err
    alone = cellwright("notices", "--spool", str(folder.parent / "out"), "--as", "anna", "--site", str(folder))
    assert "anna may not send notices: needs the right administer or maintain or supervise" in alone.err
    assert "sent" not in outbox(folder)


@pytest.mark.requirement("F176.1")
@pytest.mark.requirement("F176.1", refuses=True)
@pytest.mark.requirement("F174.1")
def test_what_a_right_owns_names_the_roles_and_people_who_can_do_it(folder: Path) -> None:
    """Quality concludes a deviation here; a right that nobody has says nobody."""
    one, *_ = cast("list[dict[str, object]]", cellwright("due", "--site", folder, "--json").data["items"])
    assert (one["owner"], one["roles"], one["people"]) == ("investigate", ["quality"], ["dora"])
    assert "investigate quality: dora deviation DV-" in " ".join(cellwright("due", "--site", folder).out.split())


def test_everybody_has_the_own_list_and_a_stranger_has_none(folder: Path) -> None:
    """What is left is sorted by its end; whom the site does not know is answered, not shown an empty list."""
    items = cast("list[dict[str, object]]", cellwright("due", "--site", str(folder), "--json").data["items"])
    ends = [str(one["by"]) for one in items]
    assert ends == sorted(ends)
    assert ends
    stranger = cellwright("due", "--as", "mallory", "--site", str(folder))
    assert (stranger.status, stranger.out, "mallory" in stranger.err) == (2, "", True)
