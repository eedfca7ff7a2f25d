"""Run history of a washer as a file: hashed whatever it is, read where the layout is known.

Layout: ``HEADER``, then ``key,value`` lines (protocol, kit, started, ended, processed_ml, washed_ml, collected_ml,
        wasted_ml), then one ``event,text`` line for each event. It is this project's own; no maker's layout was seen,
        so of a real file only the hash is given until a reader for it is added here.
Units:  mL; times as written, local time of the washer.
"""

import hashlib
import math
from collections.abc import Mapping

from automation.kernel.errors import WireError
from automation.kernel.quantity import Millilitres
from instruments.interfaces.cell_washer import ProcessValues, RunHistory

HEADER = "cellwright washer run history 1"
_VOLUMES = ("processed", "washed", "collected", "wasted")


def write(history: RunHistory) -> bytes:
    """Write a run history in the project's own layout; its hash is not part of it."""
    lines = [HEADER, f"protocol,{history.protocol}", f"kit,{history.kit_id}"]
    lines += [f"started,{history.started}", f"ended,{history.ended}"]
    for name in _VOLUMES:
        value = getattr(history.volumes, name)
        lines += [] if value is None else [f"{name}_ml,{float(value):.3f}"]
    lines += [f"event,{event}" for event in history.events]
    return ("\n".join(lines) + "\n").encode()


def read(data: bytes) -> RunHistory:
    """Read a run history; of a file in another layout only the hash is given. Raises WireError for a broken line."""
    sha256 = hashlib.sha256(data).hexdigest()
    lines = data.decode("utf-8", "replace").splitlines()
    if not lines or lines[0] != HEADER:
        return RunHistory(sha256, "", "", "", "", (), ProcessValues())
    said: dict[str, str] = {}
    events: list[str] = []
    for number, one in enumerate(lines[1:], 2):
        key, comma, value = one.partition(",")
        if not comma:
            msg = f"run history {sha256[:12]}, line {number} is {one!r}; 'key,value' is due"
            raise WireError(msg)
        if key == "event":
            events.append(value)
        else:
            said[key] = value
    processed, washed, collected, wasted = (_millilitres(said, name) for name in _VOLUMES)
    volumes = ProcessValues(processed, washed, collected, wasted)
    protocol, kit, started, ended = (said.get(key, "") for key in ("protocol", "kit", "started", "ended"))
    return RunHistory(sha256, protocol, kit, started, ended, tuple(events), volumes)


def _millilitres(said: Mapping[str, str], name: str) -> Millilitres | None:
    text = said.get(f"{name}_ml")
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        msg = f"run history: {name}_ml is {text[:80]!r}; a number of mL is due"
        raise WireError(msg)
    return Millilitres(value)
