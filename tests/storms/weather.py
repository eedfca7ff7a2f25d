"""Seeded faults over all links of a site, and the plan that a storm turned out to be.

Whether a chunk of bytes is hit is a pure function of seed, link and the number of the chunk on that link, so a fault
moves no other, and a storm is the same at every run. What was hit is kept as a plain plan, which can be replayed and
shrunk.
"""

from automation.kernel.ids import uniform
from automation.kernel.quantity import Seconds
from fakes.faults import Fault, FaultKind, Faults

KINDS = tuple(FaultKind)
SHARE = 0.004  # of all chunks; about one or two faults in a batch
LONGEST = 6.0  # s, of a late answer


class Storm(Faults):
    """Hits chunks by chance, keyed by link and number; ``hits`` is the plan that came of it."""

    def __init__(self, seed: int, *, share: float = SHARE) -> None:
        """Blow with this seed over this share (0 to 1) of all chunks."""
        super().__init__()
        self.seed = seed
        self.hits: list[Fault] = []
        self._share = share

    def next(self, link: str) -> Fault | None:
        """Count one chunk on a link and give the fault that hits it."""
        self.acts[link] = act = self.acts.get(link, 0) + 1
        if uniform(self.seed, "storm", link, act) >= self._share:
            return None
        kind = KINDS[int(uniform(self.seed, "storm kind", link, act) * len(KINDS))]
        delay = Seconds(round(LONGEST * uniform(self.seed, "storm delay", link, act), 3))
        fault = Fault(link, act, kind, delay if kind is FaultKind.DELAY_REPLY else Seconds(0.0))
        self.hits.append(fault)
        return fault


def written(plan: tuple[Fault, ...]) -> str:
    """Write a plan as the command line takes it: ``link:act:kind[:delay]``, separated by commas."""
    return ",".join(_one(fault) for fault in plan)


def read(text: str) -> tuple[Fault, ...]:
    """Read a plan as ``written`` writes it; raises ValueError for one that is not."""
    faults = []
    for part in filter(None, text.split(",")):
        link, act, kind, *delay = part.split(":")
        faults.append(Fault(link, int(act), FaultKind(kind), Seconds(float(delay[0]) if delay else 0.0)))
    return tuple(faults)


def _one(fault: Fault) -> str:
    delay = f":{float(fault.delay):g}" if float(fault.delay) else ""
    return f"{fault.link}:{fault.act}:{fault.kind}{delay}"
