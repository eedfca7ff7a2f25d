"""Evidence: what a finding is tied to is something that is there: an object, an event, or a file by its SHA-256.

Source: 21 CFR 211.192 (written record of the investigation, with conclusions and follow-up); EU GMP chapter 8.
"""

import re
from collections.abc import Iterable

from automation.gmp.objects import Site
from automation.kernel.errors import RefusedError

_FILE, _EVENT = re.compile(r"[0-9a-f]{64}"), re.compile(r"event [1-9][0-9]*")


def check_evidence(items: Iterable[str], site: Site, *, where: str) -> None:
    """Raise RefusedError for evidence that is nothing at this site."""
    for item in items:
        if not (_FILE.fullmatch(item) or _EVENT.fullmatch(item) or is_here(item, site)):
            allowed = "KIND/ID of an object that is there, 'event N' or the SHA-256 of a file is needed"
            raise RefusedError(f"{where}: {item!r} is no evidence here; {allowed}")


def is_here(stream: str, site: Site) -> bool:
    """Tell whether a stream is that of an object that is there, or lies under it."""
    kind, _, rest = stream.partition("/")
    name = rest.partition("/")[0]
    try:
        return bool(name) and site.find(kind, name).state != "absent"
    except KeyError:  # no kind of object
        return False


def is_stream(text: str, site: Site) -> bool:
    """Tell whether a text names an object of a kind that there is, or the site itself: KIND/ID, there or not."""
    kind, _, name = text.partition("/")
    try:
        return bool(name) and (kind == "site" or site.find(kind, name.partition("/")[0]) is not None)
    except KeyError:  # no kind of object
        return False
