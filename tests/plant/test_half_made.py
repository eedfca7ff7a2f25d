"""An answer or signature that is being made at a terminal does not exist until it is whole.

The real command runs at a pseudo-terminal beside the owner of the site, and is killed at every question that it asks.
"""

import asyncio
import os
import pty
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from automation.engine.site import Site
from automation.gmp.door import Command
from automation.ledger.event import Event
from tests.support.owned import owned

ASKING: dict[str, dict[str, object]] = {
    "entry": {
        "kind": "enter",
        "text": "Viability of the sample?",
        "fields": [{"name": "viability", "unit": "%"}, {"name": "cells", "unit": "1"}],
    },
    "signatures of two": {"kind": "witness", "text": "Is the line clear?", "batch": "B-1"},
}
TYPED = {"entry": ("viability", "91", "cells", "5"), "signatures of two": ("Secret of eve", "eve's own")}


@dataclass(frozen=True, slots=True)
class Terminal:
    """A command at a terminal: what it asks is read, what a person types is written."""

    pid: int
    wire: int

    def read_until(self, words: str) -> None:
        """Read what it says until these words; raises OSError when it ends before."""
        said = b""
        while words.encode() not in said:
            said += os.read(self.wire, 1024)

    def type_in(self, text: str) -> None:
        """Type a line."""
        os.write(self.wire, text.encode() + b"\n")

    def kill(self) -> int:
        """Kill it and give its status."""
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.wire)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def command(folder: Path, *words: str) -> Terminal:
    """Run the command line at a new terminal."""
    pid, wire = pty.fork()
    if not pid:
        os.execv(sys.executable, [sys.executable, "-m", "automation", *words, "--site", str(folder)])  # noqa: S606  our own command, as S603
    return Terminal(pid, wire)


@pytest.mark.requirement("C01.2")
@pytest.mark.parametrize("what", ASKING)
def test_killed_while_it_is_made_there_is_nothing_of_it(tmp_path: Path, what: str) -> None:
    """No event and no claim, and the question is open for everybody."""

    async def job(site: Site) -> list[Event]:
        site.house.door.enter(Command("prompt/P", "open", ASKING[what], "system:runner"))
        words = ("answer", "P", "--as", "anna", *(("--sign", "verified=eve") if what != "entry" else ()))
        terminal = await asyncio.to_thread(command, site.folder, *words)
        asked = TYPED[what]
        for label, text in zip(asked[::2], asked[1::2], strict=True):
            await asyncio.to_thread(terminal.read_until, label)
            if label != asked[-2]:
                terminal.type_in(text)
        assert await asyncio.to_thread(terminal.kill) == -signal.SIGKILL
        assert site.answers.prompt("P").state == "open"
        return [event for event in site.house.ledger.events() if "prompt/P" in event.stream]

    assert [event.kind for event in owned(tmp_path, job)] == ["open"]
