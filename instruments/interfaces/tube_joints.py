"""Joints of closed tubing: two tubes welded sterile, or a tube sealed off; each is made once and looked at.

Makers of welders and sealers publish no interface; what stands here is what people do at one. A joint that is not tight
opens a closed system: whoever uses one decides by ``tight``, never by ``made`` alone.
Units: none.
"""

from dataclasses import dataclass
from typing import Protocol

from automation.engine.handles import Container, Lot
from automation.kernel.effect import Kind, effect, in_doubt, shows_state
from instruments.interfaces.device import Identity


@dataclass(frozen=True, slots=True)
class Joint:
    """One weld, or the seals on one tube: what was made, and what two persons saw."""

    made: bool  # the device ended as it should
    tight: bool  # aligned, closed all around, tight at the pull or the pressure that the site prescribes
    kit: str = ""  # the lot of wafer or blade as it was scanned; empty where none is consumed
    report: str = ""  # who looked, and who verified


@dataclass(frozen=True, slots=True)
class JoinerStatus:
    """How it stands in this step."""

    joints: int  # welds, or tubes sealed
    last: Joint | None = None


class SterileWelder(Protocol):
    """A welder that joins two closed tubes without opening them."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Give maker, model, serial and firmware as far as they are known."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def look(self) -> JoinerStatus:
        """Give what was welded in this step."""
        ...

    @in_doubt(
        twice="a weld on a weld: the tube is shortened once more, and what flows may be another container's",
        never="nothing flows from one container to the other",
    )
    @effect(Kind.ACT, touches=("source", "dest", "kit"))
    async def weld(self, *, source: Container, dest: Container, kit: Lot) -> Joint:
        """Join the tubes of two containers with a wafer of a lot, and look at the weld."""
        ...


class TubeSealer(Protocol):
    """A sealer that closes a tube with heat or radio frequency."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Give maker, model, serial and firmware as far as they are known."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def look(self) -> JoinerStatus:
        """Give what was sealed in this step."""
        ...

    @in_doubt(twice="one more seal stands on a sealed tube", never="the tube of the container stays open to the set")
    @effect(Kind.ACT, touches=("container",))
    async def seal(self, *, container: Container, seals: int) -> Joint:
        """Make so many seals on the tube of a container, cut where the site says, and look at them."""
        ...
