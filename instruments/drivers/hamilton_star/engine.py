"""One STAR at work: our own questions, PyLabRobot's motions, and what is known when one did not come back.

Questions are single frames and go straight over the link, so that a look costs nothing and needs no PyLabRobot. Motions
are PyLabRobot's; it is loaded for the first of them. After doubt it is thrown away: what it believes may not be so.
Units:  s.
Source: pylabrobot 0.2.2, STAR_backend.py: commands, answers, and its own deadlines.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING

from automation.kernel.errors import CellwrightError, FailedError, RefusedError, UnknownError, WireError
from automation.kernel.quantity import Seconds
from instruments.drivers.hamilton_star import outcomes, wire
from instruments.drivers.hamilton_star.backstage import Backstage, Trouble, Usb
from instruments.labware.deck import Deck
from instruments.transport import Link

if TYPE_CHECKING:
    from instruments.drivers.hamilton_star.adapter import Star

QUESTION = Seconds(30.0)
MOTION = {
    "C0VI": Seconds(150.0),
    "C0DI": Seconds(120.0),
    "C0ZA": Seconds(60.0),
    "C0TP": Seconds(120.0),
    "C0TR": Seconds(120.0),
    "C0AS": Seconds(300.0),
    "C0DS": Seconds(300.0),
}
"""The frames that move something, and how long each may take; all others are questions and definitions."""
IDS = 10_000  # numbers of frames, after which they begin anew


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the device: whether its drives are initialised, and which channels carry a tip."""

    initialised: bool
    tips: tuple[bool, ...]


class Engine:
    """The link to one STAR, and PyLabRobot when it is needed; one call at a time."""

    def __init__(self, link: Link, deck: Deck, *, rate: float) -> None:
        """Work over ``link``; ``rate`` in uL/s."""
        self._link = link
        self._deck = deck
        self._rate = rate
        self._stage: Backstage | None = None
        self._star: Star | None = None
        self._channels = 0
        self._last_id = 0
        self._moving: wire.Frame | None = None  # the last frame of motion in the call at hand
        self._answer: wire.Answer | None = None  # what the device said to it

    @property
    def sent(self) -> bool:
        """Tell whether PyLabRobot's last work sent a frame that moves something."""
        return self._moving is not None

    async def ask(self, command: str, name: str) -> str:
        """Ask the master and give its answer from parameter ``name`` on; raises FailedError when it says an error."""
        self._last_id = (self._last_id + 1) % IDS
        said = await self._send(wire.Frame("C0", command, self._last_id), f"C0{command}id{self._last_id:04}")
        answer = wire.read_answer(said)
        if answer.error != (0, 0):
            raise FailedError(f"{self._link.name}: asked {command}, the device says {said}")
        before, found, rest = said[len("C0RTid0000er00/00") :].partition(name)
        if before or not found:
            raise WireError(f"{self._link.name}: asked {command}, the device says {said!r}; {name} is missing")
        return rest

    async def look(self) -> Seen:
        """Ask for initialisation and tips; raises WireError for an answer that is neither yes nor no."""
        initialised = await self.ask("QW", "qw")
        tips = (await self.ask("RT", "rt")).split()
        if not {initialised, *tips} <= {"0", "1"} or not tips:
            raise WireError(f"{self._link.name}: asked for tips, the device says {initialised!r} and {tips}")
        self._channels = len(tips)
        return Seen(initialised == "1", tuple(tip == "1" for tip in tips))

    async def channels(self) -> int:
        """Give the number of channels."""
        return self._channels or len((await self.look()).tips)

    async def initialise(self) -> None:
        """Let PyLabRobot set the device up; it moves, and tips that are on go into the waste."""
        star = self._star or self._make()
        await self._run(star, star.initialise)
        self._star = star

    async def move(self, work: Callable[["Star"], Coroutine[object, object, None]]) -> wire.Answer:
        """Let PyLabRobot move something and give the device's answer, which names the channels that had an error.

        RefusedError: nothing was sent. FailedError: the device did not take it. UnknownError and its kin: doubt.
        """
        if self._star is None:
            star = self._make()
            await self._run(star, star.connect)
            self._star = star
        ready = self._star
        await self._run(ready, lambda: work(ready), moving=True)
        if self._answer is None:
            raise UnknownError(f"{self._link.name}: PyLabRobot came back without having asked the device")
        return self._answer

    async def _run(
        self, star: "Star", work: Callable[[], Coroutine[object, object, None]], *, moving: bool = False
    ) -> None:
        """Let PyLabRobot work; with ``moving`` an error of single channels is no error: the answer says which."""
        if self._stage is None:
            raise UnknownError(f"{self._link.name}: nobody is connected")
        star.count_from(self._last_id)
        self._moving, self._answer = None, None
        settled = False
        try:
            got = await self._stage.run(work(), self._exchange)
            settled = not isinstance(got, Trouble) or (moving and self._named_channels)
        finally:
            if not settled:
                self._forget()
        if isinstance(got, Trouble) and not settled:
            raise self._meaning(got, moving=moving)

    @property
    def _named_channels(self) -> bool:
        """Tell whether the device's last words name the channels, and nothing else, that had an error."""
        said = self._answer
        return said is not None and said.error == (99, 0) and bool(said.channels) and not said.others

    def _meaning(self, trouble: Trouble, *, moving: bool) -> CellwrightError:
        """Say what is known after PyLabRobot gave up; ``moving``: it was to move something."""
        said = f"{self._link.name}: {trouble.text}"
        if self._moving is None and not moving:
            return WireError(said)
        if self._moving is None:
            return RefusedError(f"{said} (nothing that moves was sent)")
        if self._answer is not None and not outcomes.taken(self._answer.error):
            return FailedError(f"{said} (the device did not take the command: {self._answer.text})")
        return UnknownError(said)

    async def _exchange(self, data: bytes) -> bytes:
        """Send one frame of PyLabRobot's and give the answer."""
        text = data.decode("ascii")
        frame = wire.read_command(text)
        moves = frame.what in MOTION
        if moves:
            self._moving, self._answer = frame, None
        self._last_id = frame.id or 0
        said = await self._send(frame, text)
        if moves:
            self._answer = wire.read_answer(said)
        return said.encode("ascii")

    async def _send(self, frame: wire.Frame, text: str) -> str:
        within = MOTION.get(frame.what, QUESTION)
        received = await self._link.exchange(
            wire.transfer(text), lambda got: wire.answered(got, frame), deadline=within
        )
        return wire.last(received)

    def _make(self) -> "Star":
        """Make PyLabRobot anew; nothing is sent."""
        from instruments.drivers.hamilton_star.adapter import Star  # noqa: PLC0415  loads PyLabRobot, 0.25 s

        usb = Usb()
        self._stage = Backstage(usb)
        star = Star(usb, self._deck, rate=self._rate)
        self._stage.last.append(star.stop)
        return star

    def close(self) -> None:
        """End the thread on which PyLabRobot works; the next motion makes another."""
        self._forget()

    def _forget(self) -> None:
        """Throw PyLabRobot away."""
        if self._stage is not None:
            self._stage.close()
        self._stage = self._star = None
