"""Makes the golden ledger of this release: ``python -m tests.golden.make``.

A batch on the simulated site B with a hold, a restart and a stop of the program. Kept are the ledger, its log of
heads, the kept files, and how everything stands (``standing.json``). A release that is out is never made again;
until then ``--again`` replaces it.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import msgspec

from automation.bootstrap import release
from automation.kernel.errors import FailedError
from automation.ledger.backup import copy_site
from automation.ledger.read import Reader
from automation.ledger.verify import verify
from automation.views.standing import standing
from tests.support.commands import cellwright, simulated_site

HERE = Path(__file__).parent
STANDING = "standing.json"
BATCH = "G-1"
KEPT = ("ledger.sqlite", "heads.log", "blobs")
LARGEST = 300_000  # bytes
REASON = ("--reason", "line clearance", "--as", "carla")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("run", "freeze-day", "--batch", BATCH, "--stop-at", "freeze.loaded"),
    ("hold", BATCH, *REASON),
    ("restart", BATCH, *REASON),
    ("resume", BATCH),
)


class Standing(msgspec.Struct, frozen=True):
    """What a golden ledger has to come to, in every later release."""

    release: str
    events: int
    head: str
    states: dict[str, str]


def make(folder: Path) -> None:
    """Let a site live and keep its ledger in a new folder; raises FailedError when a command fails."""
    with tempfile.TemporaryDirectory() as place:
        site = simulated_site(Path(place) / "site", "b")
        for words in COMMANDS:
            said = cellwright(*words, "--site", site)
            if said.status != 0:
                raise FailedError(f"{' '.join(words)}: {said.err}{said.out}")
        copy = Path(place) / "copy"
        copy_site(site, copy, with_key=False)
        folder.mkdir(parents=True)
        for name in KEPT:
            shutil.move(copy / name, folder / name)
    verdict = verify(folder)
    with Reader(folder) as reader:
        found = Standing(release(), verdict.events, verdict.head, standing(reader))
    (folder / STANDING).write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")


def size(folder: Path) -> int:
    """Give the bytes of all files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    """Make the golden ledger of this release, and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--again", action="store_true", help="replace that of a release that is not out yet")
    folder = HERE / release()
    if folder.exists():
        if not parser.parse_args().again:
            sys.exit(f"{folder} is there already; a release that is out is never made again (--again while it is not)")
        shutil.rmtree(folder)
    make(folder)
    sys.stdout.write(f"{folder}: {size(folder)} bytes\n")


if __name__ == "__main__":
    main()
