"""Raising and clearing alarms and opening deviations on behalf of a step; all through the door.

Source: ISA-18.2 (an alarm names consequence and response); 21 CFR 211.100(b) (deviations are recorded at the time).
"""

from dataclasses import dataclass

from automation.engine.journal import DEFECTIVE
from automation.engine.recorder import RUNNER
from automation.gmp.door import Command, Door
from automation.gmp.marks import of_owner, of_subject
from automation.gmp.plant.alarms import Alarm
from automation.kernel.errors import RefusedError

DOUBT = "doubt"
FINDINGS = {
    "done": "false alarm: {what} was done, its answer was lost",
    "not done": "lost command: {what} was not done, and is sent again",
    DEFECTIVE: "true fault: {asset} is defective",
}
"""What an alarm of doubt turns out to be, by the decision."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A person's decision about an act in doubt."""

    what: str  # asset.method
    outcome: str  # done, not done, device defective
    reason: str
    by: str

    @property
    def asset(self) -> str:
        """Give the device."""
        return self.what.partition(".")[0]

    @property
    def finding(self) -> str:
        """Say what the alarm turned out to be."""
        told = FINDINGS[self.outcome].format(what=self.what, asset=self.asset)
        return f"{told} ({self.by}: {self.reason})"


class Alarms:
    """Alarms and deviations of one step of one batch."""

    def __init__(self, door: Door, *, batch: str, step: str, once: str = "") -> None:
        """Speak for a step; what is said ``once`` is not said again after a restart."""
        self._door = door
        self.batch = batch
        self.step = step
        self._once = once

    def at(self, place: str) -> "Alarms":
        """Speak from one place of a protocol, where an alarm is raised or cleared once."""
        return Alarms(self._door, batch=self.batch, step=self.step, once=place)

    def sound(
        self, source: str, message: str, *, priority: str = "high", consequence: str = "", response: str = ""
    ) -> None:
        """Raise an alarm; the same source while it is up is one alarm."""
        name = self._name(source)
        thing = self._door.find("alarm", name)
        body = {
            "source": source,
            "message": message,
            "priority": priority,
            "consequence": consequence or "the batch waits",
            "response": response or "look at the device and the product",
            "batch": self.batch,
            "step": self.step,
        }
        new = thing.state == "absent" or getattr(thing, "raising", None) is None
        if not new and getattr(thing, "active", False):
            return
        said = body if new else {"message": message}
        self._door.enter(Command(f"alarm/{name}", "raise" if new else "again", said, RUNNER, id=self._once))

    def clear(self, source: str, *, finding: str = "") -> None:
        """Note that the condition of an alarm is gone, and what it turned out to be."""
        thing = self._door.find("alarm", self._name(source))
        if isinstance(thing, Alarm) and thing.active:
            body = {"finding": finding} if finding else {}
            self._door.enter(Command(f"alarm/{thing.id}", thing.over, body, RUNNER, id=self._once))

    def decided(self, decided: Decided) -> None:
        """End the alarm of a doubt; a defective device goes out of service, under a deviation. Twice is once."""
        self.clear(DOUBT, finding=decided.finding)
        if decided.outcome != DEFECTIVE:
            return
        self.deviation(f"{decided.finding}, in doubt about {decided.what}", rule="ready equipment")
        if self._door.find("asset", decided.asset).state == "qualified":
            why = {"reason": decided.finding}
            self._door.enter(Command(f"asset/{decided.asset}", "take_out", why, RUNNER))

    def deviation(self, title: str, *, rule: str = "", cause: int | None = None) -> str:
        """Open a deviation on the step and give its id; the same title in a step is one deviation."""
        for thing in self._door.marked("deviation", of_subject(self._subject)):
            opening = getattr(thing, "opening", None)
            if opening is not None and opening.title == title:
                return thing.id
        name = f"{self.batch}-D{len(tuple(self._door.marked('deviation', of_owner(self.batch)))) + 1:02d}"
        body = {"subject": self._subject, "title": title, "rule": rule, "batch": self.batch}
        self._door.enter(Command(f"deviation/{name}", "open", body, RUNNER, cause=cause))
        return name

    @property
    def _subject(self) -> str:
        return f"batch/{self.batch}/step/{self.step}" if self.step else f"batch/{self.batch}"

    def _name(self, source: str) -> str:
        whose = f"{self.batch}.{self.step}." if self.batch else ""  # an alarm of the site has its own name alone
        return f"{whose}{source}".replace("/", "-").replace(" ", "-")

    def try_hold(self, reason: str) -> None:
        """Ask for a hold of the step; a batch that is held already stays so."""
        try:
            self._door.enter(Command(f"batch/{self.batch}", "hold", {"reason": reason, "step": self.step}, RUNNER))
        except RefusedError:
            return
