"""What the engine needs of a running site, in one hand: ledger, door, desk, devices, operations."""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.engine.intake import Intake
from automation.engine.prompts import Desk
from automation.engine.recipe.spec import OperationSpec
from automation.engine.trends import Recent
from automation.gmp.door import Door
from automation.kernel.clock import Clock
from automation.ledger.blobs import Blobs
from automation.ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class Device:
    """An asset with its driver."""

    asset: str
    capability: str  # what recipes ask for, in words
    driver: object
    interface: type
    declared: frozenset[str] = frozenset()  # words of its identity that the site's file says, and not the device


@dataclass(frozen=True, slots=True)
class House:
    """The engine's view of a site that is open for work."""

    ledger: Ledger
    clock: Clock
    door: Door
    desk: Desk
    blobs: Blobs
    recent: Recent
    intake: Intake
    devices: Mapping[str, Device]
    operations: Mapping[str, OperationSpec]
    careful: bool = False
