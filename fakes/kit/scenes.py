"""What people do in scenarios: answers that differ once, orders at the door, and the stages that a step went through.

Units: s of simulated time.
"""

from collections.abc import Mapping
from functools import partial

from automation.engine.setup import secret_of
from automation.engine.site import Site
from automation.gmp.door import Command, Proof
from automation.gmp.people.prompts import Prompt
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Seconds
from fakes.kit.runs import BATCH, Hook, Run, issuer, staff_of, when
from fakes.panel import Habit, Values

WHY = "as the test asks"
LATER = 120.0  # s from one order to the next


def answer(pattern: str, *, takes: float | None = None, **values: str | float | bool) -> Hook:
    """Let people answer the first question that fits like this, and the following ones as usual."""

    def hook(site: Site) -> None:
        habits = staff_of(site).habits

        async def act(_prompt: Prompt) -> Values | None:
            habits.remove(habit)
            return dict(values)

        habit = Habit(pattern, act, None if takes is None else Seconds(takes))
        habits.append(habit)

    return hook


def differs(pattern: str, **values: str | float | bool) -> Hook:
    """Let people answer the first question that fits as usual, but for these values."""

    def hook(site: Site) -> None:
        staff = staff_of(site)

        async def act(prompt: Prompt) -> Values | None:
            staff.habits.remove(habit)
            return {**(await staff.work(prompt) or {}), **values}

        habit = Habit(pattern, act)
        staff.habits.append(habit)

    return hook


def proofs(site: Site, **signed: str) -> tuple[Proof, ...]:
    """Let people sign, each with the own secret: ``responsible="carla"``."""
    return tuple(
        Proof(person, secret_of(site.file.people[person]), meaning, b"as shown") for meaning, person in signed.items()
    )


def enter(site: Site, stream: str, *, command: str, body: Mapping[str, object], by: str, **signed: str) -> str:
    """Give a command at the door; gives what the person was refused with, empty when it was taken."""
    try:
        site.house.door.enter(Command(stream, command, body, by, "terminal-1", proofs(site, **signed)))
    except RefusedError as refusal:
        return str(refusal)
    return ""


def order(site: Site, command: str, *, step: str = "", by: str = "", batch: str = BATCH) -> str:
    """Order hold, restart, pause, unpause, stop or abort; gives what it was refused with, empty when it was taken."""
    body = {"reason": WHY, "step": step}
    return enter(site, f"batch/{batch}", command=command, body=body, by=by or issuer(site))


def ordered(step: str, state: str, *commands: str, after: float = 1.0, later: float = LATER, by: str = "") -> Hook:
    """Order one thing after the other, the first ``after`` s after the state was entered."""

    def hook(site: Site) -> None:
        for n, command in enumerate(commands):
            give = partial(order, site, command, by=by)
            when(site, give, step=step, state=state, after=after + n * later)

    return hook


def stages(run: Run, step: str) -> list[str]:
    """Give the ISA-88 states that a step went through, in order."""
    events = [e for e in run.events if e.stream == f"batch/{BATCH}/step/{step}" and e.kind == "procedural"]
    return [str(event.fields["state"]) for event in events]
