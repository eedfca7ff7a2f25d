"""The plant: fakes at the far end of their cables in one world, and the log from which it is rebuilt.

Before a fake acts on bytes, or a person's hand on the plant, the log gets (time, link, bytes). After a crash the
world is rebuilt from that log alone and goes on; the ledger is never read here. Times in us (UTC).
"""

import asyncio
import contextlib
import json
import math
import os
from collections import Counter
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from automation.kernel.clock import MICRO, Clock
from automation.kernel.errors import CellwrightError, DamagedError
from automation.kernel.lines import open_lines
from automation.kernel.quantity import Instant
from fakes.faults import Fault, FaultKind, Faults
from fakes.world import World
from instruments.transport import MemoryStream


class Fake(Protocol):
    """A device as physics and vocabulary: bytes in, bytes out, also unasked; no clock and no I/O of its own."""

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Act on bytes that arrive at ``now`` and give the bytes that answer them."""
        ...

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person's hand act on the device (lid, load, key, power); raises FailedError for an unknown action."""
        ...

    def unasked(self, now: Instant) -> bytes:
        """Give what the device sends by itself up to ``now``."""
        ...

    def due(self, now: Instant) -> Instant | None:
        """Tell when the device next sends by itself; None when it never does."""
        ...


@dataclass(slots=True)
class Errand:
    """What a person is about; the person remembers what of it is done, however often the program starts anew."""

    name: str  # of the question that is being answered
    _times: Counter[tuple[str, str]] = field(default_factory=Counter)

    def mark(self, link: str, action: str) -> str:
        """Tell this action from the same one done earlier on the errand."""
        self._times[link, action] += 1
        return f"{self.name} {self._times[link, action]}"


ERRAND: ContextVar[Errand | None] = ContextVar("errand", default=None)


class PlantLog:
    """An append-only file of what reached the plant: one JSON line each, written before the plant acts."""

    def __init__(self, path: Path | None, *, every: bool = True) -> None:
        """Open for appending; ``every`` writes each line at once, else ``flush`` writes them in groups."""
        self._file = open_lines(path) if path else None
        self._every = every
        self._lines: list[bytes] = []

    def add(self, at: int, link: str, data: bytes, *, hand: str = "", errand: str = "") -> None:
        """Note bytes (or a hand's action as JSON text, and on which errand) that are about to reach a device (us)."""
        if self._file is None:
            return
        what = f'"hand":{hand}' if hand else f'"bytes":"{data.hex()}"'
        what += f',"errand":{json.dumps(errand)}' if errand else ""
        self._lines.append(f'{{"at":{at},"link":"{link}",{what}}}\n'.encode())
        if self._every:
            self.flush()

    def flush(self) -> None:
        """Write what is pending."""
        if self._lines and self._file is not None:
            os.write(self._file, b"".join(self._lines))
            self._lines.clear()

    def close(self) -> None:
        """Write what is pending and close."""
        self.flush()
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Plant:
    """All fakes of a site by the name of their link, and the streams that lead to them."""

    def __init__(self, clock: Clock, log: PlantLog, faults: Faults) -> None:
        """Build an empty plant."""
        self._clock = clock
        self._log = log
        self.faults = faults
        self._fakes: dict[str, Fake] = {}
        self._streams: dict[str, MemoryStream] = {}
        self._done: set[tuple[str, str, str]] = set()  # errand, link and action of every hand
        self._begun: set[str] = set()  # errands on which something was done before the program started anew
        self._owed: dict[str, Fault] = {}  # faults that hit what comes when it is due
        self._expected: dict[str, Instant] = {}  # when each device is listened to next; once, however often it is due

    def add(self, link: str, fake: Fake) -> None:
        """Put a fake at the end of a link."""
        self._fakes[link] = fake

    def fake(self, link: str) -> Fake:
        """Give the fake at the end of a link; for scripted persons and tests."""
        return self._fakes[link]

    def connect(self, link: str) -> MemoryStream:
        """Give the near end of the cable to a fake."""
        stream = MemoryStream(lambda data: self._arrive(link, data))
        self._streams[link] = stream
        return stream

    def hand(self, link: str, action: str, **details: object) -> None:
        """Let a person's hand act on a device, on the record of the plant.

        What was done on an errand is not done again when the same errand is taken up after a restart of the program.
        """
        at, errand = self._clock.micros(), ERRAND.get()
        text = json.dumps({"action": action, **details}, sort_keys=True)
        mark = errand.mark(link, text) if errand is not None else ""
        if mark and (mark, link, text) in self._done:
            return
        self._log.add(at, link, b"", hand=text, errand=mark)
        self._done.add((mark, link, text))
        self._fakes[link].hand(action, details, Instant(at / MICRO))
        self._wake(link)

    def was_begun(self, errand: str) -> bool:
        """Tell whether a person did something on an errand before the program started anew."""
        return errand in self._begun

    def rebuild(self, path: Path) -> int:
        """Let every fake live through the log again; gives the time of its last line (us), 0 when there is none.

        What the fakes had sent by themselves until then is gone, as on a cable to which nobody listened.
        """
        at = 0
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            try:
                at = self._live_again(json.loads(line))
            except (ValueError, KeyError, TypeError) as wrong:
                msg = f"the plant's log is damaged or of another site ({type(wrong).__name__}: {wrong})"
                raise DamagedError(msg, where=f"{path}:{number}") from None
        for fake in self._fakes.values():
            fake.unasked(Instant(at / MICRO))
        return at

    def _live_again(self, entry: dict[str, object]) -> int:
        """Let one logged moment happen again; gives its time (us)."""
        at = int(str(entry["at"]))
        fake = self._fakes[str(entry["link"])]
        hand = entry.get("hand")
        if isinstance(hand, dict):
            mark = str(entry.get("errand", ""))
            self._done.add((mark, str(entry["link"]), json.dumps(hand, sort_keys=True)))
            self._begun.add(mark.rpartition(" ")[0])
            details = dict(hand)
            action = str(details.pop("action"))
            with contextlib.suppress(CellwrightError, KeyError, ValueError):  # refused then, so refused again
                fake.hand(action, details, Instant(at / MICRO))
        else:
            fake.feed(bytes.fromhex(str(entry["bytes"])), Instant(at / MICRO))
        return at

    def _arrive(self, link: str, data: bytes) -> None:
        at = self._clock.micros()
        fault = self.faults.next(link)
        if fault is not None and fault.loses_command:
            self._later(link, fault.noise)
            return
        self._log.add(at, link, data)
        fake, now = self._fakes[link], Instant(at / MICRO)
        answer = fake.feed(data, now)
        if fault is None:
            self._streams[link].deliver(answer)
        elif answer or fault.kind is FaultKind.LOSE_LINK:
            self._send(link, fault.bend(answer), float(fault.delay))
        else:
            self._owed[link] = fault
        self._expect(link, fake.due(now), now)

    def _send(self, link: str, answer: bytes | None, delay: float) -> None:
        if answer is None:
            self._streams[link].lose()
        elif delay > 0:
            asyncio.get_running_loop().call_later(delay, self._streams[link].deliver, answer)
        else:
            self._streams[link].deliver(answer)

    def _later(self, link: str, noise: bytes) -> None:
        if noise:
            self._streams[link].deliver(noise)

    def _wake(self, link: str) -> None:
        """Arrange that the device's own messages arrive when they are due."""
        now = self._clock.now()
        self._expect(link, self._fakes[link].due(now), now)

    def _expect(self, link: str, due: Instant | None, now: Instant) -> None:
        if due is None or self._expected.get(link, Instant(math.inf)) <= due:
            return
        self._expected[link] = due
        asyncio.get_running_loop().call_later(max(0.0, float(due - now)), self._speak, link, due)

    def _speak(self, link: str, due: Instant) -> None:
        if self._expected.get(link) == due:
            del self._expected[link]
        said = self._fakes[link].unasked(self._clock.now())
        if said and link in self._streams:
            fault = self._owed.pop(link, None)
            if fault is None:
                self._streams[link].deliver(said)
            else:
                self._send(link, fault.bend(said), float(fault.delay))
        self._wake(link)


Build = Callable[[World, str, Mapping[str, str]], Fake]
"""Makes a fake in a world, under a name, with settings; what entry points of the group ``cellwright.fakes`` give."""
