"""What fake analysers share: a person measures a tube of the world, some time later a file stands in the folder.

Units:   s of simulated time.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant, Seconds
from fakes.contents import Contents
from fakes.result_folder import LONGEST, FakeFolder, within
from fakes.world import World


class FakeAnalyser(FakeFolder, ABC):
    """A folder, and the analyser that writes into it; a model says what and how long it takes (s)."""

    takes: Seconds

    def __init__(self, world: World, *, device: str = "analyser") -> None:
        """Measure the tubes of a world."""
        super().__init__()
        self._world, self._device = world, device
        self._repeats: dict[str, int] = {}

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a hand act: ``measure`` a ``sample`` (``after`` s), or as on any folder; raises FailedError."""
        if action == "measure":
            self._measure(str(details.get("sample", "")), details, now)
        else:
            super().hand(action, details, now)

    def _measure(self, sample: str, details: Mapping[str, object], now: Instant) -> None:
        contents = self._world.container(sample).contents if self._world.has(sample) else None
        if contents is None or float(contents.volume) <= 0.0:
            msg = f"there is no tube of sample {sample!r} to measure"
            raise FailedError(msg)
        done = now + Seconds(within(details, "after", usual=float(self.takes), most=LONGEST))
        repeat = self._repeats[sample] = self._repeats.get(sample, 0) + 1
        name, data = self._file(contents, of=(sample, repeat), done=done)
        self.put(name, data, done=done)

    @abstractmethod
    def _file(self, contents: Contents, *, of: tuple[str, int], done: Instant) -> tuple[str, bytes]:
        """Give the file of one measurement, of a sample and its number, by name."""
