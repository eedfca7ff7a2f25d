"""Where the program comes from: its four packages have to be those of one installed distribution.

A folder of the same name that stands earlier on Python's path would run unnoticed under the release of the other.
Source: the installed metadata (direct_url.json of PEP 610, RECORD of the wheel format).
"""

import importlib.util
import json
from collections.abc import Callable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

from automation.kernel.errors import InputError

NAME = "cellwright"
PACKAGES = ("automation", "instruments", "protocols", "fakes")


def installed() -> Distribution:
    """Give our distribution; raises InputError when it is not installed."""
    try:
        return distribution(NAME)
    except PackageNotFoundError:
        raise InputError(f"{NAME} is not installed here; install it, for example with: pip install {NAME}") from None


def found(package: str) -> Path | None:
    """Give the folder from which Python takes a package; None when it finds none."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).resolve().parent if spec is not None and spec.origin else None


def check(ours: Distribution, find: Callable[[str], Path | None] = found) -> None:
    """Raise InputError when one of the packages does not come from our distribution."""
    source = _source(ours)
    recorded = set[str]() if source else {str(path) for path in ours.files or ()}
    for package in PACKAGES:
        file = f"{package}/__init__.py"
        place = source / package if source else Path(str(ours.locate_file(file))).resolve().parent
        ours_too = source is not None or file in recorded
        actual = find(package)
        if actual != place or not ours_too:
            said = f"that of {NAME} {ours.version} stands in {place}" if ours_too else f"{NAME} {ours.version} has none"
            raise InputError(f"package {package!r} comes from {actual or 'nowhere'}; {said}; only that one may run")


def _source(ours: Distribution) -> Path | None:
    """Give the folder of an editable installation; None for one that was copied."""
    text = ours.read_text("direct_url.json")
    said = json.loads(text) if text else {}
    if not said.get("dir_info", {}).get("editable"):
        return None
    return Path(unquote(urlsplit(said["url"]).path)).resolve()
