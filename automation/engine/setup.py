"""Furnishes a site through the door: configuration, assets, and the people, lots and containers of a simulated one.

Everything enters as commands, so that the record says how the site came to be. A site that is furnished already gets
only what is new in its file.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from automation.engine.recorder import Recorder
from automation.engine.sitemodel import AssetEntry, ContainerEntry, LotEntry, PersonEntry, SiteFile
from automation.gmp.door import Command, Door, Proof
from automation.gmp.plant.assets import Asset
from automation.gmp.secrets import Credentials
from automation.gmp.words import Meaning, Right
from automation.kernel.errors import InputError, RefusedError
from automation.ledger import where
from automation.ledger.read import Reader

SETUP = "system:setup"
FOR_EVER = "2099-12-31"

CONFIGURED = "site"  # the stream of the site files that were in force


class Configuration(msgspec.Struct, frozen=True):
    """The site file in force."""

    digest: str
    text: str


def site_digest(path: Path) -> str:
    """Give the SHA-256 (hex) of a site file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def note_configuration(recorder: Recorder, path: Path) -> str:
    """Record the site file when it is another than the last recorded one; gives its digest."""
    digest = site_digest(path)
    before = recorder.ledger.stream(recorder.stream)
    if not before or before[-1].read(Configuration).digest != digest:
        recorder.write("configuration", Configuration(digest, path.read_text(encoding="utf-8")))
    return digest


def recorded_configuration(folder: Path) -> str:
    """Give the text of the site file that a folder's ledger recorded last; empty where there is none."""
    if not where.of_site(folder).exists():
        return ""
    with Reader(folder) as reader:
        found = reader.stream(CONFIGURED)
    return found[-1].read(Configuration).text if found else ""


class Support(Protocol):
    """What a driver declares of itself: driven, observed or manual, and how well it is founded (L0 to L3)."""

    @property
    def kind(self) -> str:
        """Give who acts on the device."""
        ...

    @property
    def level(self) -> str:
        """Give how well the driver is founded."""
        ...


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who registers everybody else on a live site."""

    id: str
    name: str
    secret: str = field(repr=False)


def take_office(door: Door, credentials: Credentials, file: SiteFile, who: Administrator) -> None:
    """Register the first administrator of a live site; raises InputError for a bad secret, RefusedError for a second.

    The roles are all those of the site that may administer.
    """
    roles = [role for role, rights in file.roles.items() if Right.ADMINISTER in rights]
    if not roles:
        raise InputError(f"no role of this site has the right {Right.ADMINISTER!s}", where="site.yaml: roles")
    if any(door.every("person")):
        raise RefusedError(f"{who.id} can't be the first administrator: somebody is registered at this site already")
    credentials.set(who.id, who.secret)
    door.enter(Command(f"person/{who.id}", "register", {"name": who.name, "roles": roles}, SETUP))


def furnish(door: Door, credentials: Credentials, file: SiteFile, support: Mapping[str, Support]) -> None:
    """Bring in what the site's file names and is not there yet; people, lots and containers only a simulated one names.

    ``support`` is what each driver of the site declares of itself.
    """
    for person in file.people.values():
        _person(door, credentials, person)
    for asset in file.assets.values():
        _asset(door, asset, support.get(asset.driver), simulated=file.simulated)
    for lot in file.materials.values():
        _lot(door, file, lot)
    for container in file.containers.values():
        _container(door, container)


def secret_of(person: PersonEntry) -> str:
    """Give the secret of a scripted person; everybody may know it, because a simulated site protects nothing."""
    return person.secret or f"{person.id}-simulated"


def _absent(door: Door, kind: str, *, name: str) -> bool:
    return door.find(kind, name).state == "absent"


def _person(door: Door, credentials: Credentials, person: PersonEntry) -> None:
    if not credentials.known(person.id):
        credentials.set(person.id, secret_of(person))
    if _absent(door, "person", name=person.id):
        body = {"name": person.name, "roles": list(person.roles)}
        door.enter(Command(f"person/{person.id}", "register", body, SETUP))
        for operation in person.trained:
            name, _, version = operation.partition("@")
            door.enter(Command(f"person/{person.id}", "train", {"operation": name, "version": version}, SETUP))


def _asset(door: Door, asset: AssetEntry, support: Support | None, *, simulated: bool) -> None:
    if not _absent(door, "asset", name=asset.id):
        _same_driver(door, asset, simulated=simulated)
        return
    body = {
        "asset_class": asset.asset_class,
        "maker": asset.maker,
        "model": asset.model,
        "serial": asset.serial,
        "firmware": asset.firmware,
        "driver": asset.driver,
        "location": asset.location,
        "needs_calibration": asset.needs_calibration,
        "needs_cleaning": asset.needs_cleaning,
        **({"kind": str(support.kind), "support": str(support.level)} if support else {}),
    }
    door.enter(Command(f"asset/{asset.id}", "register", body, SETUP))
    if simulated:
        due = asset.qualification.due if asset.qualification else FOR_EVER
        calibrated = asset.calibration.due if asset.calibration else due
        paper = asset.calibration.certificate if asset.calibration else "simulated"
        fit = {"due": due, "certificate": paper or "simulated", "calibration_due": calibrated}
        door.enter(Command(f"asset/{asset.id}", "install", fit, SETUP))


def _same_driver(door: Door, asset: AssetEntry, *, simulated: bool) -> None:
    """Refuse another driver than the one with which a live asset was registered: it was judged with that one."""
    known = door.find("asset", asset.id)
    if not simulated and isinstance(known, Asset) and known.driver != asset.driver:
        msg = f"asset {asset.id} was registered with driver {known.driver or 'none'!r}; the file says {asset.driver!r}"
        raise InputError(f"{msg}; register it under another id", where=asset.where)


def _lot(door: Door, file: SiteFile, lot: LotEntry) -> None:
    if not _absent(door, "lot", name=lot.id):
        return
    body = {
        "what": lot.what,
        "supplier": lot.supplier,
        "quantity": float(lot.quantity),
        "unit": lot.unit,
        "expiry": lot.expiry,
        "storage": lot.storage,
        **({} if lot.density is None else {"density": float(lot.density)}),
    }
    door.enter(Command(f"lot/{lot.id}", "receive", body, SETUP))
    if lot.released:
        keeper = _with_right(file, Right.RELEASE_MATERIAL)
        proof = Proof(keeper.id, secret_of(keeper), Meaning.APPROVED)
        door.enter(Command(f"lot/{lot.id}", "release", {}, keeper.id, proofs=(proof,)))


def _with_right(file: SiteFile, right: Right) -> PersonEntry:
    for person in file.people.values():
        if any(right in file.roles.get(role, ()) for role in person.roles):
            return person
    msg = f"nobody of this site has the right {right!s}; a released lot needs one who has"
    raise InputError(msg, where="site.yaml: people")


def _container(door: Door, container: ContainerEntry) -> None:
    if not _absent(door, "container", name=container.id):
        return
    body = {
        "identity": container.identity,
        "din": container.din,
        "product_code": container.product_code,
        "kind": container.kind,
        "volume_ml": float(container.volume),
        "label": container.label,
        "sealed_with": container.sealed_with,
    }
    stream = f"container/{container.id}"
    door.enter(Command(stream, "expect", body, SETUP))
    if container.stored_at:
        door.enter(Command(stream, "receive", {"condition": "in the store when the site was furnished"}, SETUP))
        door.enter(Command(stream, "store", {"position": container.stored_at}, SETUP))
