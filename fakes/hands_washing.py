"""Hands that wash: what a scripted person does about the questions of the manual and of the observed washer.

The question names bags, volumes, force and time. The buffer is the container of the world whose name begins with
``BUF``; a product bag that nobody has taken yet is taken new.
Units: mL, g (times gravity), min, s.
"""

import re

from automation.gmp.people.prompts import Prompt
from automation.kernel.errors import FailedError
from automation.kernel.quantity import Seconds
from fakes.bench import NAME as BENCH
from fakes.centrifuge import Centrifuge
from fakes.panel import LOOKS_EVERY, Crew, Habit, Values
from fakes.rotea import FakeRotea
from fakes.washer import Stop

CLASS = "cell washer"
BUFFER = "BUF"
BAG = "bag150"
TRANSFER, TAKE_OFF, ADD = Seconds(300.0), Seconds(120.0), Seconds(180.0)  # s that a person needs
_SPIN = re.compile(r"spin at (\d+) g for (\d+) min, take off the supernatant down to (\d+) mL")
_TRANSFER = re.compile(r"transfer (\S+) into centrifuge containers")
_CYCLE = re.compile(r"add (\d+) mL of buffer and resuspend")
_COLLECT = re.compile(r"make up with buffer to (\d+) mL and transfer into (\S+?)\.")
_STORED = re.compile(r"select the stored protocol '(.+?)'")
_VALUE = re.compile(r"^(.+): (-?\d+)$", re.MULTILINE)


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do about washing by centrifuge, and at the panel of a washer that nobody can talk to."""
    hands = _Hands(crew)
    return [
        Habit(r"^At \S+: step \d+ of \d+: ", hands.wash),
        Habit(r"select the stored protocol", hands.select, Seconds(240.0)),
        Habit(r"press the washer's start", hands.start),
        Habit(r"when the washer no longer runs", hands.look_for_end),
        Habit(r"at the washer's panel", hands.at_panel),
        Habit(r"attach the run history", hands.attach, Seconds(90.0)),
    ]


class _Hands:
    """One person's hands at a centrifuge or a washer."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    async def wash(self, prompt: Prompt) -> Values:
        """Do one step of a wash by hand and say what was read off; a step that can't be done was stopped."""
        text, said = _text(prompt), Values()
        try:
            if found := _TRANSFER.search(text):
                said["processed"] = await self._work(prompt, TRANSFER, "transfer", source=found[1])
            elif cycle := _CYCLE.search(text):
                said["washed"] = await self._work(prompt, ADD, "add", buffer=self._buffer(), volume=float(cycle[1]))
            elif end := _COLLECT.search(text):
                said["washed"] = await self._work(prompt, ADD, "add", buffer=self._buffer(), **{"up to": float(end[1])})
                self._take_bag(end[2])
                said["collected"] = await self._work(prompt, TRANSFER, "collect", product=end[2])
            if spin := _SPIN.search(text):
                force, minutes, left = (float(one) for one in spin.groups())
                await self._work(prompt, Seconds(60.0 * minutes), "spin", force=force, minutes=minutes)
                said["wasted"] = await self._work(prompt, TAKE_OFF, "take off", left=left)
        except FailedError:
            entries = [one.name for one in prompt.opening.fields] if prompt.opening else []
            return {name: 0.0 for name in entries if name not in {"went", *said}} | said | {"went": _STOPPED}
        return said | {"went": "done"}

    async def select(self, prompt: Prompt) -> Values:
        """Select the protocol at the panel and enter the values that stand in the question."""
        text = _text(prompt)
        found = _STORED.search(text)
        if found:
            self._hand("select", protocol=found[1])
            self._hand("enter", values={name: int(value) for name, value in _VALUE.findall(text)})
        return {}

    async def start(self, _prompt: Prompt) -> Values:
        """Press start."""
        self._hand("start")
        return {}

    async def look_for_end(self, _prompt: Prompt) -> Values:
        """Look now and then until the washer no longer runs, and say why."""
        fake = self._crew.plant.fake(self._washer)
        if not isinstance(fake, FakeRotea):
            raise TypeError(fake)
        while True:
            fake.values(self._crew.site.house.clock.now())
            if not fake.washing.running:
                break
            await self._crew.site.house.clock.sleep(LOOKS_EVERY)
        waits = {Stop.BUBBLE: "waits: bubble", Stop.PRESSURE: "waits: pressure", None: "ended"}
        return {"choice": waits.get(fake.washing.stop, "paused")}

    async def at_panel(self, prompt: Prompt) -> Values:
        """Press what the question names: continue, next step or pause."""
        text = _text(prompt)
        if "press pause" in text:
            self._hand("pause")
        else:
            self._hand("acknowledge", answer="skip" if "press next step" in text else "continue")
        return {}

    async def attach(self, _prompt: Prompt) -> Values:
        """Attach the newest run history of the washer."""
        fake = self._crew.plant.fake(self._washer)
        files = fake.files(self._crew.site.house.clock.now()) if isinstance(fake, FakeRotea) else {}
        data = files[max(files)][0] if files else b""
        return {"file": self._crew.site.house.blobs.put(data)}

    async def _work(self, prompt: Prompt, takes: Seconds, action: str, **details: object) -> float:
        """Let hands act after the time that it takes; gives the volume that the person reads off (mL).

        What was done for this question is not done again: a person knows it, whatever became of the program.
        """
        fake = self._crew.plant.fake(self._washer)
        if not isinstance(fake, Centrifuge):
            raise TypeError(fake)
        if (prompt.id, action) not in fake.done:
            await self._crew.site.house.clock.sleep(takes)
            self._hand(action, question=prompt.id, **details)
        return fake.done[prompt.id, action]

    def _hand(self, action: str, **details: object) -> None:
        self._crew.plant.hand(self._washer, action, **details)

    def _buffer(self) -> str:
        names = self._crew.plant.world.names()
        return next((name for name in names if name.startswith(BUFFER)), BUFFER)

    def _take_bag(self, name: str) -> None:
        if not self._crew.plant.world.has(name):
            self._crew.plant.hand(BENCH, "new", container=name, kind=BAG)

    @property
    def _washer(self) -> str:
        return self._crew.asset(CLASS)


_STOPPED = "stopped before its end"


def _text(prompt: Prompt) -> str:
    return prompt.opening.text if prompt.opening else ""
