"""What one line of the doubt matrix is made of: a driver with its fake, how an effect comes about, what disturbs it.

Units: s of simulated time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fakes.faults import FaultKind
from fakes.world import World

Hand = tuple[str, Mapping[str, object]]
"""What a person's hand does at a fake."""
LINK = "device"
OFF_AND_ON: tuple[Hand, ...] = (("power", {"on": False}), ("power", {"on": True}))


@dataclass(frozen=True, slots=True)
class Do:
    """One thing that is done before the effect: a call of the driver, a hand, or a while that passes (s)."""

    call: str = ""
    arguments: Mapping[str, object] = field(default_factory=dict)
    hand: Hand | None = None
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Else:
    """What somebody does at the device meanwhile, and which part of our exchange is lost with it."""

    hands: tuple[Hand, ...] = ()
    lost: FaultKind = FaultKind.LOSE_REPLY
    acts: int = 0  # how many of the device's own count are somebody else's


@dataclass(frozen=True, slots=True)
class Scene:
    """How one effect is brought about."""

    before: tuple[Do, ...] = ()
    arguments: Mapping[str, object] = field(default_factory=dict)
    counts: str = ""  # the device's own counter of the act; its name with blanks unless said
    frame: bytes = b""  # how the frame that acts begins, where the counter moves later
    later: int = 0  # exchanges between that frame and the one that tells how it went
    other: Else | None = None  # unless said as for the whole device
    known: Mapping[str, str] = field(default_factory=dict)  # situation -> what the device can't tell, and who finds it


@dataclass(frozen=True, slots=True)
class Rig:
    """One driver with its fake; ``scenes`` has every effect of its interface."""

    driver: str
    fake: str
    scenes: Mapping[str, Scene]
    other: Else
    settings: Mapping[str, str] = field(default_factory=dict)
    variant: str = ""
    reboot: tuple[Hand, ...] = OFF_AND_ON
    furnish: tuple[Hand, ...] = ()
    world: Callable[[], World] = lambda: World(1)
    cannot: Mapping[str, str] = field(default_factory=dict)  # situation -> why it can't occur

    @property
    def name(self) -> str:
        """Name driver and variant."""
        return f"{self.driver} ({self.variant})" if self.variant else self.driver


LOOK = Scene()
