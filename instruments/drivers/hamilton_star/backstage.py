"""PyLabRobot on a loop and in a thread of its own, and the USB that it is given: each frame comes back to our link.

PyLabRobot blocks for some milliseconds at a time and reads in a thread; here neither stops our loop. One frame is in
flight. While PyLabRobot works, simulated time stands still; while the device works, simulated time passes.
Units:  s.
Source: pylabrobot 0.2.2, hamilton/base.py: ``io`` needs setup, stop, write and read; read is awaited in another thread.
"""

import asyncio
import contextlib
import queue
import threading
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from automation.kernel.clock import SimulatedClock, SimulatedLoop
from automation.kernel.errors import CellwrightError
from automation.kernel.quantity import Instant

POLL = 0.05  # s, real; how long PyLabRobot's reader may be late when it is told to stop
LEAVING = 5.0  # s, real; how long the end of a connection may take
_T = TypeVar("_T")

Exchange = Callable[[bytes], Awaitable[bytes]]
"""Sends one frame to the device and gives its answer; raises LinkError and WireError."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """That PyLabRobot gave up, and what it said; its errors have no common root and do not leave its thread."""

    text: str


class Usb:
    """What PyLabRobot takes for its USB; lives on PyLabRobot's loop."""

    def __init__(self) -> None:
        """Start without anybody who sends the frames."""
        self.pass_on: Callable[[bytes, asyncio.Future[bytes]], None] | None = None
        self._answers: queue.Queue[bytes] = queue.Queue()
        self._reading: asyncio.AbstractEventLoop | None = None  # the loop of PyLabRobot's reader
        self._leaving = False
        self._turn = asyncio.Lock()

    async def setup(self) -> None:
        """Do nothing: the link is opened by the site."""

    async def stop(self) -> None:
        """Close the loop that PyLabRobot's reader leaves open when it ends; the link is closed by the site."""
        self._leaving = False
        self._answers = queue.Queue()
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    async def write(self, data: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109  its signature
        """Have one frame sent and keep its answer for the reader; raises what the link raises."""
        async with self._turn:
            if self.pass_on is None:
                raise CellwrightError("PyLabRobot sends a frame outside of a call")
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[bytes] = loop.create_future()
            self.pass_on(data, answer)
            said = await answer
            loop.call_soon(self._answers.put, said)  # not before PyLabRobot has noted that it waits for it

    async def read(self, timeout: float | None = None, size: int | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        """Give the next answer; raises TimeoutError when there is none. Runs in PyLabRobot's reader thread."""
        self._reading = asyncio.get_running_loop()
        try:
            return self._answers.get(timeout=0.0 if self._leaving else POLL)
        except queue.Empty:
            raise TimeoutError from None

    def leave(self) -> None:
        """Keep the reader waiting no longer: it is about to be told to stop."""
        self._leaving = True
        self._answers.put(b"")


class _Post:
    """Messages from PyLabRobot's thread to our loop, taken only while time is lent."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._guard = threading.Lock()
        self._waiting: deque[tuple[bytes, asyncio.Future[bytes]] | None] = deque()
        self._woken: asyncio.Future[None] | None = None

    def put(self, message: tuple[bytes, asyncio.Future[bytes]] | None) -> None:
        """Leave a message; None says that the call is over."""
        with self._guard:
            self._waiting.append(message)
            if self._woken is not None:
                self._loop.call_soon_threadsafe(_wake, self._woken)

    async def take(self) -> tuple[bytes, asyncio.Future[bytes]] | None:
        """Wait for a message; simulated time stands still meanwhile."""
        with _lent():
            with self._guard:
                if self._waiting:
                    return self._waiting.popleft()
                woken = self._woken = self._loop.create_future()
            try:
                await woken
            finally:
                with self._guard:
                    self._woken = None
        return self._waiting.popleft()


class Backstage:
    """A thread with a loop, on which the objects of one connection live and die."""

    def __init__(self, usb: Usb) -> None:
        """Start the thread for what speaks through ``usb``; it ends with this object, after the calls in ``last``."""
        self._usb = usb
        self.last: list[Callable[[], Coroutine[object, object, None]]] = []
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_quiet)
        thread = threading.Thread(target=_live, args=(self._loop, self.last), name="pylabrobot", daemon=True)
        thread.start()
        self.close = weakref.finalize(self, _end, self._loop, thread)

    async def run(self, work: Coroutine[object, object, _T], exchange: Exchange) -> _T | Trouble:
        """Let PyLabRobot do some work; its frames go through ``exchange``, whose errors are raised here.

        When the caller is cancelled the work is, too; an answer that comes later meets nobody.
        """
        post = _Post()
        self._usb.pass_on = lambda data, answer: post.put((data, answer))
        done: Future[_T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        done.add_done_callback(lambda _done: post.put(None))
        try:
            while (message := await post.take()) is not None:
                data, answer = message
                try:
                    self._give(answer, await exchange(data))
                except CellwrightError as trouble:
                    self._give(answer, trouble)
            error = done.exception()
            if error is None:
                return done.result()
            if isinstance(error, CellwrightError):
                raise error
            return Trouble(f"{type(error).__name__}: {error}")
        finally:
            done.cancel()
            self._usb.pass_on = None
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(_drop, self._loop)

    def _give(self, to: "asyncio.Future[bytes]", answer: bytes | CellwrightError) -> None:
        self._loop.call_soon_threadsafe(_settle, to, answer)


def _settle(future: "asyncio.Future[bytes]", answer: bytes | CellwrightError) -> None:
    if future.done():
        return
    if isinstance(answer, bytes):
        future.set_result(answer)
    else:
        future.set_exception(answer)


def _drop(loop: asyncio.AbstractEventLoop) -> None:
    """Give up what a call has left behind: where one frame of several fails, the others still wait for their turn."""
    for task in asyncio.all_tasks(loop):
        task.cancel()


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def _lent() -> contextlib.AbstractContextManager[None]:
    """Let simulated time stand still; real time goes on as ever."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, SimulatedLoop):
        return SimulatedClock(loop, start=Instant(0.0)).lent()
    return contextlib.nullcontext()


def _quiet(_loop: asyncio.AbstractEventLoop, _context: dict[str, object]) -> None:
    """Say nothing when PyLabRobot's reader answers a call that was given up: its outcome is recorded as unknown."""


def _live(loop: asyncio.AbstractEventLoop, last: list[Callable[[], Coroutine[object, object, None]]]) -> None:
    """Run the loop until it is stopped, then what is last."""
    loop.run_forever()
    loop.run_until_complete(_leave(last))
    loop.close()


async def _leave(last: list[Callable[[], Coroutine[object, object, None]]]) -> None:
    """End what PyLabRobot has going on; when that fails there is nobody left to tell."""
    await asyncio.gather(*(end() for end in last), return_exceptions=True)
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _end(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    """Stop the loop and wait for its thread, unless the collector of garbage calls from there."""
    loop.call_soon_threadsafe(loop.stop)
    if thread is not threading.current_thread():
        thread.join(LEAVING)
