"""What a site states of a freezer behind LADS: its maker's names, and what was found of the program that it keeps.

Source: OPC 30500-1 7.2.5: a program template is a black box to LADS; what its bytes mean is known to its maker alone.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from automation.kernel.errors import InputError
from instruments.interfaces.freezer import PowerFail

KEYS = {
    "device": "the device's name in the server's device set; 'Freezer' unless stated",
    "unit": "functional unit of the chamber; 'Chamber' unless stated",
    "temperature": "control function of the chamber; 'Temperature' unless stated",
    "sensor": "sensor function that reads the chamber; the control function's own value unless stated",
    "template": "id of the program template that is started; 'Freezing' unless stated",
    "stored": "name of the program that was found in it at OQ, where its content can be downloaded",
    "stored_digest": "digest of that program; the driver names it when it is missing",
    "content": "SHA-256 of the template's downloaded content, as found at OQ; without it people compare the program",
    "file": "file with that content; it is uploaded when the device does not hold it",
    "power_fail": "what the freezer does when power comes back in a run: continue, hold, reset or 'ramp back'; "
    "declared by the site and checked at OQ",
    "access": "file with user, password and security of an opcua: port; readable by its owner only",
}
_SHA256 = re.compile(r"[0-9a-f]{64}")
NAMES: Mapping[str, str] = {
    "device": "Freezer",
    "unit": "Chamber",
    "temperature": "Temperature",
    "template": "Freezing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The names of one freezer, and what was found of its program at OQ."""

    device: str
    unit: str
    temperature: str
    sensor: str
    template: str
    stored: str
    stored_digest: str
    content: str
    upload: bytes  # empty: nothing is uploaded
    power_fail: PowerFail


def settings(given: Mapping[str, str]) -> Settings:
    """Read the settings of a site; raises InputError naming the setting that is not allowed."""
    names = {key: given.get(key, usual) for key, usual in NAMES.items()}
    for key, name in names.items():
        if not name or "/" in name:
            raise InputError(f"{key} is {name!r}; a name without '/' is needed", where=key)
    content, strategy = given.get("content", ""), given.get("power_fail", PowerFail.UNKNOWN.value)
    if content and not _SHA256.fullmatch(content):
        raise InputError(f"content is {content!r}; 64 hexadecimal digits are needed", where="content")
    if content and not (given.get("stored") and given.get("stored_digest")):
        raise InputError("content needs stored and stored_digest: which program it was found to be", where="content")
    if strategy not in set(PowerFail):
        raise InputError(f"power_fail is {strategy!r}; allowed: {', '.join(PowerFail)}", where="power_fail")
    return Settings(
        **names,
        sensor=given.get("sensor", ""),
        stored=given.get("stored", ""),
        stored_digest=given.get("stored_digest", ""),
        content=content,
        upload=_file(given["file"], content) if "file" in given else b"",
        power_fail=PowerFail(strategy),
    )


def _file(path: str, content: str) -> bytes:
    """Read what is uploaded; raises InputError unless it is the declared content."""
    try:
        held = Path(path).read_bytes()
    except (OSError, ValueError) as trouble:
        raise InputError(f"file {path!r} can't be read: {trouble}", where="file") from None
    found = hashlib.sha256(held).hexdigest()
    if found != content:
        raise InputError(f"file {path!r} has the SHA-256 {found}; content is {content or 'not declared'}", where="file")
    return held
