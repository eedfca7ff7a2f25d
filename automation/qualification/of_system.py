"""Checks of the computerised system itself: its files, its environment, its record, its clock, what it has refused.

Units:  s; moments in us (UTC).
Source: Annex 11, 4.3 (inventory), 5, 7.2 (restore tested), 9 (audit trail), 12; 21 CFR 11.10(a), (d), (e).
"""

import ctypes
import hashlib
import importlib.metadata
import platform
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from automation.engine import origin
from automation.engine.setup import Configuration, site_digest
from automation.gmp.plant.backups import Backup
from automation.kernel.clock import MICRO
from automation.kernel.quantity import Instant
from automation.ledger.event import Event
from automation.ledger.verify import verify
from automation.ledger.verify_blobs import verify_blobs
from automation.qualification.asking import Asked, Check, Found
from automation.qualification.of_pytest import CHECK as PYTEST

SITE_FILE = "site.yaml"
_STEP = 1.0  # s; by which the wall clock may stand off the record's time
_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)


async def files(asked: Asked) -> Found:
    """Hash every file of the installed program, and compare each with what its installation recorded."""
    ours = origin.installed()
    recorded = {str(one): one.hash.value for one in ours.files or () if one.hash is not None and _is_ours(str(one))}
    found = dict(_hashes(recorded))
    other = sorted(name for name, value in recorded.items() if found.get(name) != value)
    listing = "".join(f"{found[name]}  {name}\n" for name in sorted(found)).encode()
    total = hashlib.sha256(listing).hexdigest()
    kept = {"files.txt": listing}
    if not recorded:
        said = f"{len(found)} files, all together {total}; installed from a folder of sources that can change"
        return Found(said, met=asked.site.file.simulated, files=kept)
    wrong = f"; differ from what was installed: {', '.join(other[:5])}" if other else "; each as it was installed"
    return Found(f"{len(found)} files, all together {total}{wrong}", met=not other, files=kept)


def _is_ours(name: str) -> bool:
    return name.partition("/")[0] in origin.PACKAGES


def _hashes(recorded: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Give the SHA-256 of every file as an installation writes it: of those recorded, else of the sources."""
    ours = origin.installed()
    if recorded:
        yield from ((name, _hashed(Path(str(ours.locate_file(name))))) for name in recorded)
        return
    for package in origin.PACKAGES:
        folder = origin.found(package)
        for path in sorted(folder.rglob("*")) if folder is not None else ():
            if path.is_file() and path.suffix != ".pyc":
                yield f"{package}/{path.relative_to(folder or path)}", _hashed(path)


def _hashed(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError:
        return "missing"
    return urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


async def environment(asked: Asked) -> Found:
    """Take down release, Python, operating system, machine and every package beside them."""
    beside = sorted({f"{one.name}=={one.version}" for one in importlib.metadata.distributions()})
    release = origin.installed().version
    said = f"cellwright {release}, Python {platform.python_version()}, {platform.system()} {platform.release()}"
    wanted = asked.told.get("release", release)
    differs = "" if wanted == release else f"; {wanted} is to be qualified"
    kept = {"packages.txt": "\n".join((*beside, "")).encode()}
    return Found(f"{said}, {platform.machine()}; {len(beside)} packages{differs}", met=not differs, files=kept)


async def configuration(asked: Asked) -> Found:
    """Compare the site's file with the one that the record says is in force."""
    events = [one for one in asked.site.house.ledger.stream("site") if one.kind == "configuration"]
    now = site_digest(asked.site.folder / SITE_FILE)
    held = events[-1].read(Configuration).digest if events else "none"
    said = f"{SITE_FILE} has SHA-256 {now}; on record {held}"
    kept = {SITE_FILE: (asked.site.folder / SITE_FILE).read_bytes()}
    return Found(said, met=now == held, files=kept, cites=tuple(one.seq for one in events[-1:]))


async def ledger(asked: Asked) -> Found:
    """Verify the whole ledger as it stands on the disk, and every kept file against its hash."""
    asked.site.house.ledger.flush()
    found = verify(asked.site.folder)
    told, bad = f"{found.events} events, head {found.head}", found.first_bad
    if bad is not None:
        return Found(f"{told}; not intact: event {bad.seq}: {bad.what}", met=False)
    wrong = verify_blobs(asked.site.folder)
    if wrong:
        return Found(f"{told}; intact, but of the kept files: {wrong[0]}", met=False)
    return Found(f"{told}; intact, with every kept file", met=True)


async def clock(asked: Asked) -> Found:
    """Look how far the wall clock stands off the record's time, and whether this machine's clock is synchronised."""
    if asked.site.file.simulated:
        return Found("time is simulated here; nothing is to be synchronised", met=True)
    step = float(asked.site.credentials.clock_step())
    steady = synchronised()
    said = f"the wall clock stands {step:+.3f} s off the record; {'' if steady else 'not '}synchronised"
    return Found(said, met=steady and abs(step) <= _STEP)


def synchronised() -> bool:
    """Tell whether the kernel says that its clock is synchronised; where it can't be asked it is not."""
    try:
        state = int(ctypes.CDLL(None).ntp_adjtime(ctypes.create_string_buffer(1024)))
    except (OSError, AttributeError):
        return False
    return state != _UNSYNCHRONISED


async def restored(asked: Asked) -> Found:
    """Look for a backup that was restored on trial since the execution began."""
    house, began = asked.site.house, asked.qualification.begun_at
    for thing in house.door.every("backup"):
        events = [one for one in house.ledger.stream(f"backup/{thing.id}") if Instant(one.at / MICRO) >= began]
        if events and isinstance(thing, Backup):
            said = f"backup {thing.id} made {thing.made}: {thing.state}{f' ({thing.why})' if thing.why else ''}"
            return Found(said, met=thing.state == "restorable", cites=tuple(one.seq for one in events))
    how = "cellwright backup FILE.tar, then cellwright restore --verify FILE.tar --as USER"
    return Found("no backup was tried", met=False, waits=f"make a backup and try it: {how}")


async def refused(asked: Asked) -> Found:
    """Look for the refusals that people have provoked since the execution began: each command, by whom, why."""
    wanted, began = asked.told["command"].split(), asked.qualification.begun_at
    events = asked.site.house.ledger.events(prefix="refusals/")
    since = [one for one in events if Instant(one.at / MICRO) >= began]
    found = {word: _last(since, word, kind=asked.told.get("of", "")) for word in wanted}
    missing = [word for word, event in found.items() if event is None]
    if missing:
        return Found("not refused yet", met=False, waits=f"let somebody try what must be refused: {', '.join(missing)}")
    seen = [event for event in found.values() if event is not None]
    said = "; ".join(f"event {one.seq}: {one.by}: {one.fields['why']}" for one in seen)
    return Found(said, met=True, cites=tuple(one.seq for one in seen))


def _last(events: list[Event], command: str, *, kind: str) -> Event | None:
    fitting = (
        one
        for one in reversed(events)
        if one.fields["command"] == command and str(one.fields["stream"]).startswith(f"{kind}/" if kind else "")
    )
    return next(fitting, None)


SYSTEM: Final[Mapping[str, Check]] = {
    "installed files": Check("the hash of every file of the program, beside what its installation recorded", files),
    "environment": Check("release, Python, operating system and packages", environment, may=("release",)),
    "configuration": Check("the site's file beside the record of it", configuration),
    "ledger": Check("the whole record verified from its first event, with every kept file", ledger),
    "clock": Check("the clock of the machine: how far off, and whether synchronised", clock),
    "restored": Check("a backup that was restored on trial since the execution began", restored),
    "refused": Check(
        "commands that people tried since the execution began, and that were refused",
        refused,
        needs=("command",),
        may=("of",),
    ),
    "pytest": PYTEST,
}
"""The checks of the system by their names."""
