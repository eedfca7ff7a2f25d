"""A month of storage monitoring in simulated time: many stores, six channels each, and things that happen to them.

Every second store loses its power for half an hour on a day of its own, every other one is nearly emptied: so much is
planned, and the month ends well only when the record tells of just that. Each channel is read once a minute.

Run:   ``python -m tests.load.storage_month [--stores 34 --days 30]``
Units: s, bytes.
"""

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from automation.engine.monitor import recent_of, stream_of
from automation.engine.trends import Sealed
from automation.engine.troubles import Gap
from automation.gmp.marks import OPEN
from automation.gmp.plant.alarms import Alarm
from automation.ledger import where
from automation.ledger.verify import verify
from tests.load.measuring import line, resident
from tests.support.runs import SITES
from tests.support.storage import DAY, MINUTE, Vault, in_vault

CHANNELS = 6
OUT = 30 * MINUTE  # s without power, or nearly empty
MEGABYTE = 1 << 20
SETTLED = 0.2  # of the days, after which the memory no longer grows
_ENTRY = re.compile(r"^  (store-0[12])(?:-\w|:)")


@dataclass(slots=True)
class Month:
    """What a month has shown."""

    memory: list[int] = field(default_factory=list)  # at the end of each day
    readings: Counter[str] = field(default_factory=Counter)  # by store and channel
    gaps: Counter[str] = field(default_factory=Counter)  # by store
    alarms: Counter[str] = field(default_factory=Counter)  # by id
    events: int = 0


def make(folder: Path, *, stores: int) -> Path:
    """Make the folder of a site like C, with so many stores."""
    folder.mkdir(parents=True, exist_ok=True)
    text = (SITES / "c" / "site.yaml").read_text(encoding="utf-8")
    (folder / "site.yaml").write_text("\n".join(_copied(text.splitlines(), stores)) + "\n", encoding="utf-8")
    return folder


def names(stores: int) -> list[str]:
    """Give the ids of the stores."""
    return [f"store-{n:02d}" for n in range(1, stores + 1)]


def _copied(lines: Sequence[str], stores: int) -> Iterator[str]:
    """Repeat every entry of the first store for all; entries of the second go."""
    at = 0
    while at < len(lines):
        entry = _ENTRY.match(lines[at])
        end = at + 1
        while entry and end < len(lines) and lines[end].startswith("   "):
            end += 1
        if entry is None:
            yield lines[at]
        elif entry[1] == "store-01":
            yield from (one.replace("-01", name[5:]) for name in names(stores) for one in lines[at:end])
        at = end


async def happen(vault: Vault, month: Month, *, stores: Sequence[str], days: int) -> None:
    """Let the month pass."""
    for day in range(days):
        here = [store for n, store in enumerate(stores) if 1 + n * (days - 2) // len(stores) == day]
        begun = vault.now
        for store in here:
            _begin(vault, store)
        await vault.go(OUT)
        for store in here:
            _end(vault, store)
        await vault.go(DAY - float(vault.now - begun))
        month.memory.append(resident())


def _loses_power(store: str) -> bool:
    return int(store[-2:]) % 2 == 1


def _begin(vault: Vault, store: str) -> None:
    if _loses_power(store):
        vault.hand(store, "power", on=False)
    else:
        vault.hand(store, "automatic", on=False)
        vault.hand(store, "level", percent=5.0)


def _end(vault: Vault, store: str) -> None:
    if _loses_power(store):
        vault.hand(store, "power", on=True)
    else:
        vault.hand(store, "level", percent=50.0)
        vault.hand(store, "automatic", on=True)
    for thing in vault.site.house.door.marked("alarm", OPEN):
        if isinstance(thing, Alarm) and thing.unanswered and thing.id.startswith(store):
            vault.do(f"alarm/{thing.id}", "acknowledge", by="carla", comment="I have seen to it")


def read(vault: Vault, month: Month, *, stores: Sequence[str]) -> None:
    """Look at what the record tells of the month."""
    month.events = vault.site.house.ledger.last.seq
    for store in stores:
        for event in vault.events(stream_of(store)):
            if event.kind == "data":
                sealed = event.read(Sealed)
                month.readings[f"{store} {sealed.channel}"] += sealed.count
            elif event.kind == "gap" and not event.read(Gap).over:
                month.gaps[store] += 1
    for event in vault.events("alarm"):
        if event.kind == "raise":
            month.alarms[event.stream.partition("/")[2]] += 1


def faults(month: Month, *, stores: Sequence[str], days: int, still_open: Counter[str]) -> list[str]:
    """Give where the record tells of anything but what was planned."""
    wrong: list[str] = []
    looks = days * int(DAY / MINUTE)
    for store in stores:
        lost = int(OUT / MINUTE) if _loses_power(store) else 0
        kept = [count for name, count in month.readings.items() if name.startswith(f"{store} ")]
        total = sum(kept) + still_open[store]
        least, most = CHANNELS * (looks - lost - 2), CHANNELS * (looks + 1)
        if not least <= total <= most:
            wrong.append(f"{store}: {total} readings; {least} to {most} were planned")
        if month.gaps[store] != int(_loses_power(store)):
            wrong.append(f"{store}: {month.gaps[store]} gaps")
        raised = sorted(name for name in month.alarms if name.startswith(store))
        planned = [] if _loses_power(store) else [f"{store}-dry", f"{store}-low"]
        if [name for name in raised if name.endswith(("-dry", "-low", "-a", "-b"))] != planned:
            wrong.append(f"{store}: alarms {', '.join(raised)}")
    return wrong


def run(folder: Path, *, stores: Sequence[str], days: int) -> tuple[Month, list[str]]:
    """Let a month pass at a site; gives what it has shown, and what is not as planned."""
    month = Month()

    async def script(vault: Vault) -> None:
        await happen(vault, month, stores=stores, days=days)
        read(vault, month, stores=stores)

    in_vault(make(folder, stores=len(stores)), script)
    still_open = Counter({s: len(recent_of(folder, s).read_text(encoding="utf-8").splitlines()) for s in stores})
    return month, faults(month, stores=stores, days=days, still_open=still_open)


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print; ends with status 1 when the record tells of anything but what was planned."""
    asked = argparse.ArgumentParser(prog="python -m tests.load.storage_month", description=__doc__)
    asked.add_argument("--stores", type=int, default=34)
    asked.add_argument("--days", type=int, default=30)
    given = asked.parse_args(words)
    stores = names(given.stores)
    with TemporaryDirectory() as name:
        wall, cpu = time.perf_counter(), time.process_time()
        month, wrong = run(Path(name), stores=stores, days=given.days)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        intact, kept = verify(Path(name)).intact, where.of_site(Path(name)).path.stat().st_size
    early, late = month.memory[int(SETTLED * given.days)], month.memory[-1]
    line("stores, channels, simulated days", f"{len(stores)}", f"{CHANNELS * len(stores)} channels, {given.days} days")
    line("readings sealed, events", f"{sum(month.readings.values()):,}", f"{month.events:,} events")
    line("wall time, CPU time (s)", f"{wall:.1f}", f"{cpu:.1f} CPU")
    line(
        "memory at the end (MiB), and grown since it had settled",
        f"{late / MEGABYTE:.0f}",
        f"{(late - early) / MEGABYTE:+.1f}",
    )
    line("the ledger's file (MiB), of which SQLite caches at most 64", f"{kept / MEGABYTE:.0f}")
    planned = sum(map(_loses_power, stores))
    line("gaps told of / planned", f"{sum(month.gaps.values())} / {planned}")
    line("alarms raised", f"{sum(month.alarms.values())}")
    for what in wrong:
        line(what, "NOT AS PLANNED")
    line("the ledger afterwards", "intact" if intact else "NOT INTACT")
    sys.exit(0 if intact and not wrong else 1)


if __name__ == "__main__":
    main()
