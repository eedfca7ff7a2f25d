"""Reads ``site.yaml`` and refuses, with line and column, what does not fit this site.

Drivers and fakes are named by their entry points; the file can't give module paths. A live site has no fakes, no
memory or pseudo-terminal ports, no seed, no simulated start and no scripted people, materials, containers or world.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from automation.engine.alarmfile import SECTIONS, read_vigilance
from automation.engine.capacityfile import SECTION as CAPACITIES
from automation.engine.capacityfile import read_capacities
from automation.engine.exchangefile import SECTION as EXCHANGE
from automation.engine.exchangefile import read_partners
from automation.engine.limsfile import SECTION as LIMS
from automation.engine.limsfile import read_lims
from automation.engine.noticefile import SECTION as NOTICES
from automation.engine.noticefile import read_notices
from automation.engine.recipe.spec import words
from automation.engine.recipe.yaml_source import Node, nearest, read_file, read_text
from automation.engine.sealfile import SECTION as SEAL
from automation.engine.sealfile import read_seal
from automation.engine.sitemodel import AssetEntry, Certificate, ContainerEntry, LotEntry, Mode, PersonEntry, SiteFile
from automation.formulas import limits
from automation.gmp.words import Right
from automation.kernel import quantity
from automation.kernel.clock import instant
from automation.kernel.errors import InputError
from automation.kernel.quantity import GramsPerMillilitre, Millilitres

FILE = "site.yaml"
_SIMULATED_ONLY = ("people", "materials", "containers", "world")
_TEXTS = ("maker", "model", "serial", "firmware", "location")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,63}")
_GIVEN = tuple(right.value for right in Right if right is not Right.SYSTEM)


class DriverFacts(Protocol):
    """What the site has to know of a driver before it is built."""

    @property
    def transports(self) -> tuple[str, ...]:
        """Give the kinds of port that the driver speaks through."""
        ...

    def check(self, settings: Mapping[str, str]) -> None:
        """Raise InputError for a setting that the driver does not know."""
        ...


class PortFacts(Protocol):
    """What the site has to know of a port before it is opened."""

    @property
    def scheme(self) -> str:
        """Give the kind of the port."""
        ...

    @property
    def simulated_only(self) -> bool:
        """Tell whether a live site must refuse it."""
        ...


class ReadPort(Protocol):
    """Reads the text of a port; raises InputError for an unknown kind."""

    def __call__(self, text: object, *, where: str, field: str) -> PortFacts:
        """Read it."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """What is installed: drivers and fakes by the names of their entry points, and how ports are read."""

    drivers: Mapping[str, DriverFacts]
    fakes: Collection[str]
    read_port: ReadPort


def load_site(path: Path, known: Known) -> SiteFile:
    """Read a site file, or the ``site.yaml`` of a folder; raises InputError with file, line and column."""
    return _Reader(known).site(read_file(path / FILE if path.is_dir() else path))


def site_of(text: str, known: Known) -> SiteFile:
    """Read the text of a site file, for example a recorded one; raises InputError with line and column."""
    return _Reader(known).site(read_text(text, name=FILE))


def roles_of(text: str) -> Mapping[str, frozenset[Right]]:
    """Give the roles with their rights from the text of a site file, for example a recorded one; raises InputError."""
    pairs = read_text(text, name=FILE).mapping()
    return {name: _rights(one) for name, one in _named(pairs, "roles")}


class _Reader:
    """Reads one site file; ``mode`` is known first, because much depends on it."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._live = False

    def site(self, node: Node) -> SiteFile:
        """Read the whole."""
        optional = (
            "roles",
            "terminals",
            "assets",
            *SECTIONS,
            CAPACITIES,
            EXCHANGE,
            LIMS,
            NOTICES,
            SEAL,
            *_SIMULATED_ONLY,
        )
        pairs = node.fields(required=("site",), optional=optional)
        head = pairs["site"].fields(required=("name", "mode", "zone"), optional=("seed", "start", "release"))
        mode = Mode(head["mode"].choice(list(Mode)))
        self._live = mode is Mode.LIVE
        for name, one in (*pairs.items(), *head.items()):
            if name in (*_SIMULATED_ONLY, "seed", "start"):
                self._simulated_only(one)
        zone = _zone(head["zone"])
        roles = {name: _rights(one) for name, one in _named(pairs, "roles")}
        assets = {name: self._asset(name, one) for name, one in _named(pairs, "assets")}
        people = {name: _person(name, one, roles) for name, one in _named(pairs, "people")}
        vigilance = read_vigilance(pairs, assets=assets, people=people)
        return SiteFile(
            name=head["name"].string(),
            mode=mode,
            zone=zone,
            seed=_seed(head["seed"]) if "seed" in head else None,
            start=_moment(head["start"], zone) if "start" in head else None,
            release=head["release"].string() if "release" in head else "",
            roles=roles,
            terminals={
                name: one.fields(required=("location",))["location"].string()
                for name, one in _named(pairs, "terminals")
            },
            assets=assets,
            people=people,
            materials={name: _lot(name, one) for name, one in _named(pairs, "materials")},
            containers={name: _container(name, one) for name, one in _named(pairs, "containers")},
            world={name: one.plain() for name, one in _named(pairs, "world")},
            vigilance=vigilance,
            capacities=read_capacities(pairs),
            lims=read_lims(pairs),
            notices=read_notices(pairs, people=people, roster=vigilance.roster),
            seal=read_seal(pairs),
            partners=read_partners(pairs),
        )

    def _simulated_only(self, node: Node) -> None:
        if self._live:
            raise InputError(f"{node.name} is for simulated sites only, and this site is live", where=node.key_where)

    def _asset(self, name: str, node: Node) -> AssetEntry:
        flags = ("needs_calibration", "needs_cleaning")
        papers = ("qualification", "calibration")
        optional = ("driver", "port", "settings", "fake", *_TEXTS, *papers, *flags)
        pairs = node.fields(required=("class",), optional=optional)
        if "port" in pairs and "driver" not in pairs:
            raise pairs["port"].wrong("needs a driver that speaks through it")
        settings = {key: one.string() for key, one in _named(pairs, "settings")}
        return AssetEntry(
            id=name,
            asset_class=words(pairs["class"].string()),
            driver=self._driver(pairs["driver"], settings, pairs.get("settings")) if "driver" in pairs else "",
            port=self._port(pairs["port"], pairs["driver"].text) if "port" in pairs else "",
            settings=settings,
            fake=self._fake(pairs["fake"]) if "fake" in pairs else "",
            **{key: pairs[key].string() for key in _TEXTS if key in pairs},
            qualification=_certificate(pairs["qualification"]) if "qualification" in pairs else None,
            calibration=_certificate(pairs["calibration"]) if "calibration" in pairs else None,
            needs_calibration=pairs["needs_calibration"].flag() if "needs_calibration" in pairs else True,
            needs_cleaning=pairs["needs_cleaning"].flag() if "needs_cleaning" in pairs else True,
            where=node.where,
        )

    def _driver(self, node: Node, settings: Mapping[str, str], at: Node | None) -> str:
        name = node.string()
        if name not in self._known.drivers:
            raise node.wrong(f"is {name!r}, which is not installed; {nearest(name, self._known.drivers)}")
        try:
            self._known.drivers[name].check(settings)
        except InputError as error:
            raise InputError(f"{node.name} {name}: {error}", where=(at or node).where) from None
        return name

    def _port(self, node: Node, driver: str) -> str:
        port = self._known.read_port(node.string(), where=node.where, field=node.name)
        allowed = self._known.drivers[driver].transports
        if port.scheme not in allowed:
            raise node.wrong(f"is {node.text!r}; driver {driver} speaks through {', '.join(allowed) or 'no port'}")
        if self._live and port.simulated_only:
            raise node.wrong(f"is {node.text!r}; a live site has no memory or pseudo-terminal ports")
        return node.text

    def _fake(self, node: Node) -> str:
        self._simulated_only(node)
        return node.choice(self._known.fakes)


def _named(pairs: Mapping[str, Node], key: str) -> list[tuple[str, Node]]:
    found = list(pairs[key].mapping().items()) if key in pairs else []
    for name, node in found:
        if not _NAME.fullmatch(name):
            raise InputError(f"{name!r} is no name; letters, digits and ' ._+-' are allowed", where=node.key_where)
    return found


def _zone(node: Node) -> str:
    name = node.string()
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise node.wrong(f"is {name!r}; an IANA time zone is needed, for example Europe/Berlin or UTC") from None
    return name


def _seed(node: Node) -> int:
    seed = node.integer()
    if not 0 <= seed < 1 << 63:
        raise node.wrong(f"is {seed}; allowed: 0 to 2^63 - 1")
    return seed


def _moment(node: Node, zone: str) -> quantity.Instant:
    try:
        return instant(node.string(), zone=zone)
    except ValueError:
        raise node.wrong(f"is {node.text!r}; write for example 2026-03-02T08:00:00") from None


def _rights(node: Node) -> frozenset[Right]:
    return frozenset(Right(one.choice(_GIVEN)) for one in node.sequence())


def _person(name: str, node: Node, roles: Mapping[str, frozenset[Right]]) -> PersonEntry:
    pairs = node.fields(required=("name", "roles"), optional=("trained", "secret"))
    return PersonEntry(
        id=name,
        name=pairs["name"].string(),
        roles=tuple(one.choice(roles) for one in pairs["roles"].sequence()),
        trained=tuple(one.string() for one in pairs["trained"].sequence()) if "trained" in pairs else (),
        secret=pairs["secret"].string() if "secret" in pairs else "",
    )


def _lot(name: str, node: Node) -> LotEntry:
    pairs = node.fields(
        required=("what", "supplier", "quantity", "expiry"), optional=("storage", "density", "released")
    )
    amount, _, unit = pairs["quantity"].string().partition(" ")
    if unit not in limits.UCUM:
        allowed = f"a number, a space and a unit are needed ({', '.join(limits.UCUM)})"
        raise pairs["quantity"].wrong(f"is {pairs['quantity'].text!r}; {allowed}")
    try:
        exact = limits.decimal(amount, what=pairs["quantity"].name)
    except InputError as error:
        raise InputError(str(error), where=pairs["quantity"].where) from None
    return LotEntry(
        id=name,
        what=pairs["what"].string(),
        supplier=pairs["supplier"].string(),
        quantity=exact,
        unit=unit,
        expiry=_day(pairs["expiry"]),
        storage=pairs["storage"].string() if "storage" in pairs else "",
        density=_density(pairs["density"]) if "density" in pairs else None,
        released=pairs["released"].flag() if "released" in pairs else True,
    )


def _density(node: Node) -> GramsPerMillilitre:
    return GramsPerMillilitre(quantity.read(node.text, GramsPerMillilitre, what=node.name, where=node.where))


def _container(name: str, node: Node) -> ContainerEntry:
    texts = ("din", "product_code", "kind", "label", "sealed_with", "stored_at")
    pairs = node.fields(required=("identity",), optional=(*texts, "volume"))
    volume = 0.0
    if "volume" in pairs:
        volume = quantity.read(
            pairs["volume"].text, Millilitres, what=pairs["volume"].name, where=pairs["volume"].where
        )
    found = {key: pairs[key].string() for key in texts if key in pairs}
    return ContainerEntry(id=name, identity=pairs["identity"].string(), volume=Millilitres(volume), **found)


def _certificate(node: Node) -> Certificate:
    pairs = node.fields(required=("due",), optional=("certificate",))
    return Certificate(_day(pairs["due"]), pairs["certificate"].string() if "certificate" in pairs else "")


def _day(node: Node) -> str:
    try:
        return date.fromisoformat(node.string()).isoformat()
    except ValueError:
        raise node.wrong(f"is {node.text!r}; a date is needed, for example 2027-06-30") from None
