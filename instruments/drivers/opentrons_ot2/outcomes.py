"""What the robot's commands say of each channel: done, not done, or unknown.

Not done is said only where the robot refuses before it moves the plunger; every other error is unknown. An OT-2 senses
neither tips nor liquid: *done* means that it made the motion.
Source: Opentrons api, protocol_engine/errors/exceptions.py.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from instruments.drivers.opentrons_ot2.wire import Entry, Status
from instruments.interfaces.liquid_handler import Cause, ChannelResult, Outcome

BEFORE = {
    "TipNotAttachedError": Cause.NO_TIP,
    "UnexpectedTipRemovalError": Cause.NO_TIP,
    "TipAttachedError": Cause.TIP_ALREADY,
    "UnexpectedTipAttachError": Cause.TIP_ALREADY,
    "InvalidAspirateVolumeError": Cause.OTHER,
    "InvalidDispenseVolumeError": Cause.OTHER,
    "PipetteNotReadyToAspirateError": Cause.OTHER,
    "PipetteNotLoadedError": Cause.OTHER,
    "LabwareNotLoadedError": Cause.POSITION,
    "WellDoesNotExistError": Cause.POSITION,
    "FailedToPlanMoveError": Cause.POSITION,
    "MustHomeError": Cause.OTHER,
}
"""What the robot finds before anything moves."""
PLUNGER = ("aspirateInPlace", "dispenseInPlace")
_ACTS = frozenset({"pickUpTip", "dropTip", "dropTipInPlace", *PLUNGER})


class Role(StrEnum):
    """What a command is to its operation; it ends the command's key."""

    MOVE = "move"
    MIX = "mix"
    ACT = "act"


def roles(kinds: Sequence[str]) -> tuple[Role, ...]:
    """Give the role of each command of a plan: the last that moves plunger or tip is the act, those before it mix."""
    acts = [place for place, kind in enumerate(kinds) if kind in _ACTS]
    return tuple(
        Role.ACT if place == acts[-1] else Role.MIX if place in acts else Role.MOVE for place in range(len(kinds))
    )


def result(channel: int, told: Mapping[str, Entry]) -> ChannelResult:
    """Give the result of one channel from its commands, by the ends of their keys: a number and a role."""
    raw = " ".join(f"{one.kind} {one.id} {one.status}" for one in told.values())
    act = next((one for key, one in told.items() if key.endswith(Role.ACT)), None)
    if act is not None and act.status is Status.SUCCEEDED:
        return ChannelResult(channel, Outcome.DONE, raw=raw)
    failed = next((one for one in told.values() if one.status is not Status.SUCCEEDED), None)
    why = f"the robot says {failed.error or failed.status}: {failed.detail}" if failed else "it was not told to go on"
    moved = [one for key, one in told.items() if not key.endswith(Role.MOVE) and not _before(one)]
    if moved:
        return ChannelResult(channel, Outcome.UNKNOWN, Cause.OTHER, why, raw)
    return ChannelResult(channel, Outcome.NOT_DONE, BEFORE.get(failed.error if failed else "", Cause.OTHER), why, raw)


def _before(one: Entry) -> bool:
    """Tell whether a command failed before anything moved."""
    return one.status is Status.FAILED and one.error in BEFORE
