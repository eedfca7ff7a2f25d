"""What a wait reports beside its readings: readings that can't be had, and gates that lapse while product is inside.

A lapse never stops the run: it is an alarm and a deviation; the next new act needs a signed continuation.
"""

from dataclasses import dataclass, field

import msgspec

from automation.engine.alarms import Alarms
from automation.engine.gates import StepGates
from automation.engine.recorder import Recorder
from automation.kernel.clock import iso
from automation.kernel.quantity import Instant

WATCH = "watch"  # what is missing when nobody looked at all


class Gap(msgspec.Struct, frozen=True, omit_defaults=True):
    """A reading can't be had since now, or is there again."""

    what: str
    why: str = ""
    over: bool = False


@dataclass(slots=True)
class StepTroubles:
    """The troubles of one step."""

    recorder: Recorder
    gates: StepGates
    alarms: Alarms
    assets: tuple[str, ...]
    _lapsed: set[str] = field(default_factory=set)

    def lost(self, what: str, why: str) -> None:
        """A reading can't be had since now."""
        self.recorder.write("gap", Gap(what, why))
        self._sound(what, why)

    def back(self, what: str) -> None:
        """The reading is there again."""
        self.alarms.clear(f"link {what}")
        self.recorder.write("gap", Gap(what, over=True))

    def unwatched(self, since: Instant, until: Instant) -> None:
        """Nobody looked meanwhile: the program was away."""
        self.recorder.write("gap", Gap(WATCH, f"nobody watched from {iso(since)} to {iso(until)}"))
        self.recorder.write("gap", Gap(WATCH, over=True))

    def standing(self) -> set[str]:
        """Give the readings that an earlier process lost and did not find again; their alarms are up."""
        lost: dict[str, str] = {}
        for event in self.recorder.ledger.stream(self.recorder.stream):
            if event.kind == "gap":
                gap = event.read(Gap)
                lost.pop(gap.what, None)
                if not gap.over:
                    lost[gap.what] = gap.why
        for what, why in lost.items():
            self._sound(what, why)
        return set(lost)

    def tick(self) -> None:
        """Look whether an asset lost its readiness meanwhile."""
        for asset in self.assets:
            if asset in self._lapsed:
                continue
            missing = self.gates.lapsed(asset)
            if missing:
                self._lapsed.add(asset)
                self.alarms.sound(
                    f"gate {asset}",
                    "; ".join(missing),
                    consequence="readings from now on are in question",
                    response="the run goes on; the next act needs a signed continuation",
                )
                self.alarms.deviation(f"gate lapsed during the run: {'; '.join(missing)}", rule="ready equipment")

    def _sound(self, what: str, why: str) -> None:
        self.alarms.sound(
            f"link {what}",
            f"{what} can't be read: {why}",
            consequence="the product is not watched",
            response="check the cable; the device goes on by itself if it can",
        )
