"""One engineering lot of a recipe in simulated time, on a throwaway copy of a simulated site.

What ``simulate`` and ``rehearse`` do, at the command line and in a notebook. The same arguments give the same ledger.
A trial that begins at another moment than its site moves every due and expiry date by as many days: it shows the work,
``check`` asks the gates. Units: moments in s (UTC).
"""

import io
import itertools
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from automation.engine.conduct import Left, conduct
from automation.engine.issue import Order, issue, start
from automation.engine.recipe.load import load
from automation.engine.recipe.model import Recipe
from automation.engine.site import Site
from automation.engine.sitefile import FILE
from automation.engine.sitemodel import SiteFile
from automation.gmp.words import Right
from automation.kernel.clock import instant, local
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant
from automation.surfaces.cli.port import Opener, Opening

BATCH = "B-001"
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?) ?([A-Za-z][\w/+-]*|[+-]\d\d:\d\d|Z)?")
_DATES = frozenset({"due", "expiry"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is tried: ``site`` is a packaged one or the folder of a simulated one, whose file alone is used."""

    recipe: str | Path
    site: str | Path = "a"
    seed: int = 1
    changes: Mapping[str, str] = field(default_factory=dict)  # step.parameter to another value with its unit
    start: str = ""  # date and time, with a zone or in that of the site; else as the site states
    reason: str = "simulated"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it; the folder is there as long as the trial is looked at."""

    folder: Path
    file: SiteFile
    recipe: Recipe
    left: Left


@contextmanager
def tried(opener: Opener, trial: Trial) -> Iterator[Tried]:
    """Run the lot and give its site while the block lasts.

    Raises InputError for what is wrong in the trial, RefusedError for what the rules refuse.
    """
    with tempfile.TemporaryDirectory(prefix="cellwright-") as place:
        folder = Path(place)
        text = _text(opener, trial.site)
        (folder / FILE).write_text(text, encoding="utf-8")
        file = opener.site(folder)
        _check(file, trial.site)
        if trial.start:
            begins = moment(trial.start, zone=file.zone)
            (folder / FILE).write_text(_moved(text, file, begins), encoding="utf-8")
            file = opener.site(folder)
        made = load(trial.recipe, opener.operations(), changes=trial.changes)

        async def job(here: Site) -> Left:
            return await _run(here, made, trial, release=opener.release())

        yield Tried(folder, file, made, opener.work(folder, job, Opening(seed=trial.seed, careful=False)))


def grid(axes: Mapping[str, Sequence[str]], *, seeds: Sequence[int]) -> tuple[tuple[dict[str, str], int], ...]:
    """Give every combination of the values, each with every seed; the last parameter changes fastest."""
    names = list(axes)
    every = itertools.product(*(axes[name] for name in names))
    return tuple((dict(zip(names, values, strict=True)), seed) for values in every for seed in seeds)


def moment(text: str, *, zone: str) -> Instant:
    """Read ``2026-12-04 08:00 Europe/Berlin``; without a zone it is local time in ``zone``.

    Raises InputError for what is no moment, and for a local time that a clock change skips or shows twice.
    """
    found = _MOMENT.fullmatch(text.strip())
    wanted = "write for example 2026-12-04 08:00 Europe/Berlin"
    if found is None:
        raise InputError(f"--start is {text!r}; {wanted}")
    day, clock, where = found.groups()
    try:
        if where and where[0] in "+-Z":
            return instant(f"{day}T{clock}{where}")
        stated = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(where or zone))
    except (ValueError, ZoneInfoNotFoundError, OSError):
        raise InputError(f"--start is {text!r}: no such day, time or zone; {wanted}") from None
    if stated.utcoffset() != stated.replace(fold=1).utcoffset():
        raise InputError(f"--start is {text!r}, which the clock change skips or shows twice; add an offset: +01:00")
    return Instant(stated.timestamp())


async def _run(here: Site, made: Recipe, trial: Trial, *, release: str) -> Left:
    door = here.house.door
    who = next((name for name in here.file.people if {Right.ISSUE, Right.PERFORM} <= door.rights(name)), None)
    if who is None:
        raise InputError("nobody of this site may issue and perform; a simulation needs one person who may")
    await issue(here, made, Order(BATCH, reason=trial.reason, release=release, seed=trial.seed), by=who)
    await start(here, BATCH, by=who)
    return await conduct(here, here.take_up(made, BATCH))


def _text(opener: Opener, site: str | Path) -> str:
    path = Path(site) / FILE
    return path.read_text(encoding="utf-8") if path.is_file() else opener.template(str(site))


def _check(file: SiteFile, name: str | Path) -> None:
    """Raise InputError for a site whose time can't jump."""
    if not file.simulated:
        raise InputError(f"site {name} is live; only a simulated one can be simulated")
    outside = [asset.id for asset in file.assets.values() if asset.port not in {"", "memory"}]
    if outside:
        raise InputError(f"site {name} has devices outside this process ({', '.join(outside)}); in memory is allowed")


def _moved(text: str, file: SiteFile, to: Instant) -> str:
    """Give the site file with another start, and its due and expiry dates as far from it as before."""
    from ruamel.yaml import YAML  # noqa: PLC0415  heavy, and needed only here

    yaml = YAML()
    yaml.preserve_quotes = True
    stated = yaml.load(text)
    begins = local(to, zone=file.zone)
    if file.start is not None:
        _shift(stated, begins.date() - local(file.start, zone=file.zone).date())
    stated["site"]["start"] = begins.isoformat(timespec="seconds")
    out = io.StringIO()
    yaml.dump(stated, out)
    return out.getvalue()


def _shift(node: object, days: timedelta) -> None:
    """Move every date below a node."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name in _DATES and isinstance(value, str):
                node[name] = (date.fromisoformat(value) + days).isoformat()
            else:
                _shift(value, days)
    elif isinstance(node, list):
        for value in node:
            _shift(value, days)
