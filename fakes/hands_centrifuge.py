"""Hands at a centrifuge: buckets are balanced and put in, the lid is closed, a container is taken out at standstill.

What is done at the panel of one that nobody can talk to is done there; the centrifuge is the fake of its asset.
Units: g, s, x g.
"""

import re

from automation.formulas.process import centrifuge_speed
from automation.gmp.people.prompts import Prompt
from automation.kernel.ids import normal
from automation.kernel.quantity import Seconds
from fakes.bench import NAME as BENCH
from fakes.hands_balance import clear
from fakes.hettich_460r import RADIUS, FakeHettich460R
from fakes.panel import Crew, Habit, Values

CLASS = "centrifuge"
BUCKET = 812.0  # g, empty
OFF, OFF_MOST = 1.2, 3.5  # g: standard deviation of what a counterweight is off by, and its bound
LOOKS = Seconds(5.0)  # s between looks at a rotor that brakes
_PUT = re.compile(r"^Put (\S+), closed, into a bucket of the centrifuge")
_WEIGH = re.compile(r"^Weigh the bucket with (\S+) and the one opposite it")
_IN = re.compile(r"^Put both buckets of (\S+) into the rotor, close the lid")
_OUT = re.compile(r"^Take (\S+) out of the (?:centrifuge|bucket)")
_END = re.compile(r"^The end: spin .*out of the centrifuge when the rotor stands")
_SET = re.compile(r"Force: (\S+) x g\n- Time: (\S+) min\n- Temperature: (\S+) degC\n- Brake: (\d+)")


def habits(crew: Crew) -> list[Habit]:
    """Give what hands do at a centrifuge."""
    hands = _Hands(crew)
    return [
        Habit(_PUT.pattern, hands.put, Seconds(60.0)),
        Habit(_WEIGH.pattern, hands.weigh, Seconds(120.0)),
        Habit(_IN.pattern, hands.load, Seconds(60.0)),
        Habit(_OUT.pattern, hands.take_out, Seconds(60.0)),
        Habit(_END.pattern, hands.take_all_out, Seconds(60.0)),
        Habit(r"^Spin interrupted: |^The centrifuge did not start: ", hands.see_to_it, Seconds(120.0)),
        Habit(_SET.pattern, hands.set, Seconds(60.0)),
        Habit(r"start the spin of .* confirm when the rotor turns", hands.start),
        Habit(r"say how the spin ended, when the rotor stands", hands.say_how, Seconds(0.0)),
        Habit(r"stop the spin, wait until the rotor stands", hands.stop),
    ]


class _Hands:
    """One person's hands at a centrifuge."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    async def put(self, prompt: Prompt) -> Values:
        """Stand the container in a bucket on the bench."""
        clear(self._crew)
        return self._label(prompt)

    async def weigh(self, prompt: Prompt) -> Values:
        """Weigh both buckets; the counterweight is a little off."""
        (container,) = _found(_WEIGH, prompt)
        mass = BUCKET + float(self._crew.plant.world.container(container).mass)
        return {"bucket": round(mass, 1), "opposite": round(mass + self._off(container), 1)}

    async def load(self, prompt: Prompt) -> Values:
        """Put both buckets in, and close the lid."""
        (container,) = _found(_IN, prompt)
        self._hand("lid", open=True)
        self._hand("load", container=container, differ=self._off(container))
        self._hand("lid", open=False)
        return {}

    async def take_out(self, prompt: Prompt) -> Values:
        """Take the container out once the rotor stands."""
        await self._take(*_found(_OUT, prompt))
        return self._label(prompt)

    async def take_all_out(self, _prompt: Prompt) -> Values:
        """Take out whatever is in it once the rotor stands."""
        await self._take(*self._crew.plant.world.inside(self._crew.asset(CLASS)))
        return {}

    async def see_to_it(self, prompt: Prompt) -> Values:
        """Close what is open, and clear the error at the panel; of choices take the first."""
        await self._standing()
        for what in ("lid", "hatch"):
            self._hand(what, open=False)
        self._hand("open")
        options = prompt.opening.options if prompt.opening else ()
        return {"choice": options[0]} if options else {}

    async def set(self, prompt: Prompt) -> Values:
        """Set the values of the question at the panel."""
        force, minutes, temperature, brake = map(float, _found(_SET, prompt))
        speed = centrifuge_speed(force=force, radius_cm=float(RADIUS) / 10.0)
        self._hand("set", speed=speed, time=60.0 * minutes, temperature=temperature, brake=brake)
        return {}

    async def start(self, _prompt: Prompt) -> Values:
        """Press start."""
        self._hand("start")
        return {}

    async def say_how(self, prompt: Prompt) -> Values:
        """Wait until the rotor stands, and say whether it ended as it should."""
        await self._standing()
        fake = self._fake()
        options = prompt.opening.options if prompt.opening else ("",)
        return {"choice": options[-1 if fake is not None and fake.error else 0]}

    async def stop(self, _prompt: Prompt) -> Values:
        """Press stop, and wait until the rotor stands."""
        self._hand("stop")
        await self._standing()
        return {}

    async def _take(self, *containers: str) -> None:
        await self._standing()
        inside = [one for one in self._crew.plant.world.inside(self._crew.asset(CLASS)) if one in containers]
        if not inside:
            return
        self._hand("lid", open=True)
        for container in inside:
            self._hand("take", container=container, to=BENCH)
        self._hand("lid", open=False)

    async def _standing(self) -> None:
        """Wait until the rotor stands."""
        clock, fake = self._crew.site.house.clock, self._fake()
        while fake is not None and not fake.stands(clock.now()):
            await clock.sleep(LOOKS)

    def _fake(self) -> FakeHettich460R | None:
        asset = self._crew.asset(CLASS)
        fake = self._crew.plant.fake(asset) if asset else None
        return fake if isinstance(fake, FakeHettich460R) else None

    def _off(self, container: str) -> float:
        off = OFF * normal(self._crew.plant.world.seed, "counterweight", container)
        return max(-OFF_MOST, min(OFF_MOST, off))

    def _label(self, prompt: Prompt) -> Values:
        opening = prompt.opening
        return {"code": self._crew.symbol(opening.accept[0], opening.expects)} if opening and opening.accept else {}

    def _hand(self, action: str, **details: object) -> None:
        self._crew.plant.hand(self._crew.asset(CLASS), action, **details)


def _found(pattern: re.Pattern[str], prompt: Prompt) -> tuple[str, ...]:
    found = pattern.search(prompt.opening.text if prompt.opening else "")
    return found.groups() if found else ()
