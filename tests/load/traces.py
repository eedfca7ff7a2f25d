"""How long the three questions of a recall take on a long ledger, and what people look at every day.

One patient from collection to infusion and back, one lot of material through a prepared solution to every patient, one
balance to every batch since its last good calibration. Each is asked in this process, imports aside: cold, when the
operating system has nothing of the files at hand, and warm, the second time; and once as a command of its own.

Run:   ``python -m tests.load.traces FOLDER`` (see ``big_ledger``; a site that was opened once, see ``start``).
Units: s.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from automation.bootstrap import kept, known, operations
from automation.gmp.marks import OPEN
from automation.ledger import derived, file
from automation.ledger.read import Reader
from automation.views.audit_trail import audit_trail
from automation.views.dues import dues
from automation.views.neighbours import Neighbours
from automation.views.objects import Objects
from automation.views.stock import stock
from automation.views.ways import back, forward
from tests.load import stories
from tests.load.big_ledger import LOTS_LAST
from tests.load.measuring import line
from tests.support.runs import BATCH

GOAL = 1.0  # s


@dataclass(frozen=True, slots=True)
class Asked:
    """What one question took (s), and how many rows the answer has."""

    wall: float
    cpu: float
    rows: int
    as_of: int
    kept_to: int


Question = Callable[[Objects], int]  # gives the number of rows


def questions(folder: Path) -> dict[str, tuple[Question, tuple[str, ...]]]:
    """Give every question with the command that asks it; what it is about lies in the middle of the ledger."""
    with Reader(folder) as reader:
        patients = reader.names("order")
        balance = stories.BALANCE
    order = patients[len(patients) // 2]
    lot = f"{stories.ALBUMIN}-{int(order.removeprefix(f'{BATCH}-')) // LOTS_LAST:04d}"
    return {
        f"patient: order/{order} to the infusion": (_way(f"order/{order}"), ("trace", f"order/{order}")),
        f"and back: infusion/{order}": (_way(f"infusion/{order}"), ("trace", f"infusion/{order}")),
        f"material: lot/{lot} to every patient": (_way(f"lot/{lot}"), ("trace", f"lot/{lot}")),
        f"plant: asset/{balance} since it was good": (_way(f"asset/{balance}"), ("trace", balance)),
        "show the balance": (lambda objects: _history(objects, f"asset/{balance}"), ("show", "asset", balance)),
        "show a batch": (lambda objects: _history(objects, f"batch/{order}"), ("show", "batch", order)),
        "due": (lambda objects: len(dues(objects, objects.now)), ("due",)),
        "stock": (lambda objects: len(stock(objects)), ("stock",)),
        "worklist": (lambda objects: len(list(objects.marked("prompt", OPEN))), ("worklist",)),
        "list lots": (lambda objects: len(list(objects.every("lot"))), ("list", "lot")),
    }


def asked(folder: Path, question: Question) -> Asked:
    """Ask one question as a command does, from the opening of the files to the answer."""
    wall, cpu = time.perf_counter(), time.process_time()
    with Reader(folder) as reader:
        shelf = kept(folder, reader)
        objects = Objects(reader, shelf=shelf)
        rows = question(objects)
        if shelf is not None:
            shelf.close()
    return Asked(
        time.perf_counter() - wall, time.process_time() - cpu, rows, objects.last.seq, shelf.base if shelf else 0
    )


def forget(folder: Path) -> None:
    """Let the operating system forget what it holds of the ledger and of what is kept beside it.

    Source: posix_fadvise(2), POSIX_FADV_DONTNEED: clean pages go.
    """
    for name in (file.NAME, derived.NAME):
        with (folder / name).open("rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _way(stream: str) -> Question:
    def ask(objects: Objects) -> int:
        around = Neighbours(objects)
        start = around.start(stream)
        return len(forward(objects, start)) + len(back(objects, start)) + len(list(around.around(start, 1)))

    return ask


def _history(objects: Objects, stream: str) -> int:
    objects.known(*stream.split("/"))
    return len(list(audit_trail(objects.streams[stream], zone=objects.zone)))


def _command(folder: Path, words: Sequence[str]) -> float:
    """Give how long a whole command takes, with the start of Python and all imports (s)."""
    begun = time.perf_counter()
    call = [sys.executable, "-m", "automation", *words, "--site", str(folder), "--json"]
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print; what takes longer than it may is said."""
    said = argparse.ArgumentParser(prog="python -m tests.load.traces", description=__doc__)
    said.add_argument("folder", type=Path)
    given = said.parse_args(words)
    for driver in known().drivers:
        known().drivers[driver]
    operations()
    found = questions(given.folder)
    asked(given.folder, next(iter(found.values()))[0])  # what is imported late is imported
    for what, (question, command) in found.items():
        forget(given.folder)
        cold, warm = asked(given.folder, question), asked(given.folder, question)
        rows = f"{warm.rows:,} rows, as of event {warm.as_of:,} (kept to {warm.kept_to:,})"
        line(f"{what}: cold", f"{cold.wall:.2f}", f"{cold.cpu:.2f} CPU; at most {GOAL:g}")
        line(f"{what}: warm", f"{warm.wall:.2f}", f"{warm.cpu:.2f} CPU; {rows}")
        line(f"{what}: as a command", f"{_command(given.folder, command):.2f}")


if __name__ == "__main__":
    main()
