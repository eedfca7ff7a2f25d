"""Evidence: what a finding is tied to is something that is there: an object, an event, or a file by its SHA-256.

What a record is about is there, too, or its author says why this system does not know it.
Source: 21 CFR 211.192 (written record of the investigation, with conclusions and follow-up); EU GMP chapter 8.
"""

import re
from collections.abc import Iterable

from automation.gmp.nearest import nearest
from automation.gmp.objects import Site
from automation.kernel.errors import RefusedError

CITED = "KIND/ID, 'event N' or SHA-256 of a file, with ',' between"  # help of a field that cites
_FILE, _EVENT = re.compile(r"[0-9a-f]{64}"), re.compile(r"event [1-9][0-9]*")


def check_evidence(items: Iterable[str], site: Site, *, where: str) -> None:
    """Raise RefusedError for evidence that is nothing at this site."""
    for item in items:
        if not (is_file(item) or _is_event(item, site) or is_here(item, site)):
            allowed = "KIND/ID of an object that is there, 'event N' or the SHA-256 of a file is needed"
            raise RefusedError(f"{where}: {item!r} is no evidence here; {allowed}")


def check_cited(text: str, site: Site, *, where: str, since: int = 0) -> None:
    """Raise RefusedError unless a line of evidence, several with ',' between, names what is at this site.

    ``since`` is the event with which the work began that it has to show: what was recorded before shows none of it.
    """
    items = tuple(one.strip() for one in text.split(","))
    check_evidence(items, site, where=where)
    early = next((one for one in items if _EVENT.fullmatch(one) and _number(one) < since), "")
    if early:
        raise RefusedError(f"{where}: {early} is no evidence of what began after it, with event {since}")


def check_known(stream: str, site: Site, *, where: str, unrecorded: str = "") -> None:
    """Raise RefusedError for what is not at this site, unless its author says what it is (``unrecorded``).

    ``where`` begins the sentence, for example "deviation D-7: subject".
    """
    if unrecorded and is_here(stream, site):
        raise RefusedError(f"{where} is {stream}, which is known here; 'unrecorded' is for what is not")
    if not unrecorded and not is_here(stream, site):
        otherwise = "for what has no record here, state under unrecorded why"
        raise RefusedError(f"{where} is {unknown(stream, site)}; {otherwise}")


def unknown(stream: str, site: Site) -> str:
    """Say that something is not known here, and which of its kind are."""
    kind, _, rest = stream.partition("/")
    try:
        known = nearest(rest.partition("/")[0], site.names(kind))
    except KeyError:
        return f"{stream!r}, which is nothing here; KIND/ID is needed"
    return f"{stream}, which is not known here ({known})"


def is_file(item: str) -> bool:
    """Tell whether it is the SHA-256 of a file."""
    return bool(_FILE.fullmatch(item))


def _is_event(item: str, site: Site) -> bool:
    return bool(_EVENT.fullmatch(item)) and _number(item) <= site.seq


def _number(item: str) -> int:
    return int(item.removeprefix("event "))


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
