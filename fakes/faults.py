"""A plan of faults on links, keyed by link and act, so that one fault moves no other.

Each fault hits the n-th chunk of bytes that the program sends on one link (1..).
"""

from dataclasses import dataclass
from enum import StrEnum

from automation.kernel.quantity import Seconds


class FaultKind(StrEnum):
    """What goes wrong on the wire."""

    LOSE_COMMAND = "lose command"  # the device never sees it
    LOSE_REPLY = "lose reply"  # the device acts, its answer is lost
    GARBLE_REPLY = "garble reply"  # one byte of the answer is changed
    CUT_REPLY = "cut reply"  # the second half of the answer is lost
    DELAY_REPLY = "delay reply"  # the answer comes late
    NOISE = "noise"  # bytes that nobody sent, and no command
    LOSE_LINK = "lose link"  # the cable is pulled after the device acted


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: on which link, at which chunk (1..), what; ``delay`` in s for a late answer."""

    link: str
    act: int
    kind: FaultKind
    delay: Seconds = Seconds(0.0)

    @property
    def loses_command(self) -> bool:
        """Tell whether the device never sees the bytes."""
        return self.kind in {FaultKind.LOSE_COMMAND, FaultKind.NOISE}

    @property
    def noise(self) -> bytes:
        """Give what arrives instead of an answer."""
        return b"\xfe\xff\x00" if self.kind is FaultKind.NOISE else b""

    def bend(self, answer: bytes) -> bytes | None:
        """Give what is left of an answer; None when the cable is pulled."""
        match self.kind:
            case FaultKind.LOSE_REPLY:
                return b""
            case FaultKind.LOSE_LINK:
                return None
            case FaultKind.GARBLE_REPLY if answer:
                middle = len(answer) // 2
                return answer[:middle] + bytes([answer[middle] ^ 0x11]) + answer[middle + 1 :]
            case FaultKind.CUT_REPLY:
                return answer[: len(answer) // 2]
            case _:
                return answer


class Faults:
    """The plan, and how many chunks each link has carried."""

    def __init__(self, plan: tuple[Fault, ...] = ()) -> None:
        """Take a plan; an empty one is a day without faults."""
        self._plan = {(fault.link, fault.act): fault for fault in plan}
        self.acts: dict[str, int] = {}

    def next(self, link: str) -> Fault | None:
        """Count one chunk on a link and give the fault that hits it."""
        if not self._plan:
            return None
        self.acts[link] = self.acts.get(link, 0) + 1
        return self._plan.get((link, self.acts[link]))

    def add(self, fault: Fault) -> None:
        """Put one more fault into the plan."""
        self._plan[fault.link, fault.act] = fault
