"""A site as its file states it: what is here, who works here, and how a simulated one begins.

Units: volumes in mL, moments in s (UTC); due and expiry dates are text (year-month-day) in the site's time zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from automation.engine.alarmmodel import Vigilance
from automation.engine.exchangefile import Partners
from automation.engine.limsfile import LimsPlan
from automation.engine.noticefile import NoticePlan
from automation.engine.recipe.yaml_source import Plain
from automation.engine.sealfile import SealPlan
from automation.gmp.capacity import Capacity
from automation.gmp.words import Right
from automation.kernel.errors import InputError
from automation.kernel.quantity import GramsPerMillilitre, Instant, Millilitres


class Mode(StrEnum):
    """What a site is, for ever."""

    SIMULATED = "simulated"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Certificate:
    """Until when something holds, and by which paper."""

    due: str  # year-month-day, to the end of that day in the site's zone
    certificate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetEntry:
    """One device or place."""

    id: str
    asset_class: str  # what recipes ask for, in words: ``controlled rate freezer``
    driver: str = ""  # name of an entry point; empty for what has no driver
    port: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    fake: str = ""  # simulated sites only
    maker: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    location: str = ""
    qualification: Certificate | None = None
    calibration: Certificate | None = None
    needs_calibration: bool = True
    needs_cleaning: bool = True
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonEntry:
    """One scripted person of a simulated site."""

    id: str
    name: str
    roles: tuple[str, ...]
    trained: tuple[str, ...] = ()
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LotEntry:
    """One material lot that a simulated site begins with."""

    id: str
    what: str
    supplier: str
    quantity: Decimal
    unit: str
    expiry: str
    storage: str = ""
    density: GramsPerMillilitre | None = None
    released: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerEntry:
    """One container that a simulated site expects, or has in its store."""

    id: str
    identity: str  # chain of identity
    din: str = ""
    product_code: str = ""
    kind: str = ""
    volume: Millilitres = Millilitres(0.0)
    label: str = ""
    sealed_with: str = ""  # number of the seal that it was sent with
    stored_at: str = ""  # position in the store where it stands already; empty: it is expected


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFile:
    """What ``site.yaml`` states, checked."""

    name: str
    mode: Mode
    zone: str
    seed: int | None = None  # simulated sites only
    start: Instant | None = None  # simulated sites only
    release: str = ""
    roles: Mapping[str, frozenset[Right]] = field(default_factory=dict)
    terminals: Mapping[str, str] = field(default_factory=dict)  # id to location
    assets: Mapping[str, AssetEntry] = field(default_factory=dict)
    people: Mapping[str, PersonEntry] = field(default_factory=dict)
    materials: Mapping[str, LotEntry] = field(default_factory=dict)
    containers: Mapping[str, ContainerEntry] = field(default_factory=dict)
    world: Mapping[str, Plain] = field(default_factory=dict)
    vigilance: Vigilance = field(default_factory=Vigilance)  # alarms, policies, roster, stores
    capacities: Mapping[str, Capacity] = field(default_factory=dict)  # what several patients share
    notices: NoticePlan | None = None  # what the owner does about them by itself; None: nothing
    seal: SealPlan | None = None  # whose certificate seals what is exported as PDF
    partners: Partners = field(default_factory=Partners)  # how it names things to others
    lims: LimsPlan | None = None  # the system of the laboratory that tests for the site

    @property
    def simulated(self) -> bool:
        """Tell whether the site is a simulated one."""
        return self.mode is Mode.SIMULATED

    def of_class(self, capability: str) -> tuple[AssetEntry, ...]:
        """Give the assets of a class, in the order of the file; raises InputError when there is none."""
        found = tuple(asset for asset in self.assets.values() if asset.asset_class == capability)
        if not found:
            known = ", ".join(sorted({asset.asset_class for asset in self.assets.values()})) or "none"
            raise InputError(f"site {self.name!r} has no {capability}; it has: {known}", where="site.yaml")
        return found
