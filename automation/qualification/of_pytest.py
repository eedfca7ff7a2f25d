"""The check that runs a validation engineer's own pytest file: in a process of its own, in bounded time, as approved.

The protocol names the file and its SHA-256, so that the tests that run are those that were approved. What it wrote
(JUnit XML and its output) and the file itself are kept.
Units:  s.
Source: JUnit XML as pytest writes it (``--junitxml``); GAMP 5 2nd ed., D5 (testing, evidence).
"""

import asyncio
import contextlib
import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from automation.kernel.errors import FailedError, InputError
from automation.kernel.quantity import Seconds
from automation.qualification import confined
from automation.qualification.asking import Asked, Check, Found, duration

LONGEST = Seconds(4 * 3600.0)  # s
LARGEST = 1 << 22  # bytes of a file that is kept
_LARGEST_WRITTEN = 1 << 26  # bytes of a file that the tests may write
_LATER = 10.0  # s; after which what was to end by itself is ended
_GIVEN = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")  # no secret that a test could print
_OWN = {".yaml", ".key", ".json", ".pem"}  # ends of the files of a site that nothing but people and the program writes


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run of pytest left."""

    status: int
    output: bytes
    report: bytes


async def run(asked: Asked) -> Found:
    """Run the file as it was approved; good when tests ran and all of them passed."""
    source = _source(asked)
    within = duration(asked.told, "within")
    if within > LONGEST:
        raise InputError(f"within is {asked.told['within']!r}; up to {LONGEST / 3600:g} h are possible")
    name, before = Path(asked.told["file"]).name, _own(asked.site.folder)
    with asked.site.house.clock.lent():
        ran = await asyncio.to_thread(_ran, name, source, within, asked.site.folder)
    after = _own(asked.site.folder)
    changed = sorted(one for one in before | after if before.get(one) != after.get(one))
    counts = counted(ran.report)
    told = ", ".join(f"{counts[word]} {word}" for word in ("passed", "failed", "error", "skipped"))
    files = {name: source, "junit.xml": ran.report, "output.txt": ran.output}
    good = ran.status == 0 and counts["passed"] > 0 and not counts["skipped"] and not changed
    touched = f"; of the site's own files changed: {', '.join(changed)}" if changed else ""
    return Found(f"{told} of {sum(counts.values())} tests; pytest ended with {ran.status}{touched}", good, files)


def _own(site: Path) -> dict[str, str]:
    """Give the site's own files with their hashes."""
    files = (path for path in site.iterdir() if path.suffix in _OWN and path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _source(asked: Asked) -> bytes:
    """Give the file as it lies beside the protocol; raises InputError for one that is not the approved one."""
    if importlib.util.find_spec("pytest") is None:
        raise InputError("pytest is not installed here; install it beside cellwright")
    if asked.folder is None:
        raise InputError(f"{asked.told['file']} lies beside its protocol; name the protocol by its file")
    path = (asked.folder / asked.told["file"]).resolve()
    if asked.folder.resolve() not in path.parents:
        raise InputError(f"file is {asked.told['file']!r}; one beside the protocol is needed")
    try:
        source = path.read_bytes()
    except OSError as error:
        raise InputError(f"can't be read: {error.strerror}", where=str(path)) from None
    found = hashlib.sha256(source).hexdigest()
    if found != asked.told["sha256"]:
        raise InputError(f"has SHA-256 {found}; the protocol was approved with {asked.told['sha256']}", where=str(path))
    return source


def _ran(name: str, source: bytes, within: Seconds, site: Path) -> Ran:
    """Run pytest on a copy of the file, in a folder and a process of its own; raises FailedError for a long one."""
    environment = {key: os.environ[key] for key in _GIVEN if key in os.environ}
    environment["CELLWRIGHT_SITE"] = str(site.resolve())
    limits = [sys.executable, confined.__file__, str(float(within)), str(_LARGEST_WRITTEN)]
    words = [*limits, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=junit.xml", name]
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / name).write_bytes(source)
        (here / "pytest.ini").write_text("[pytest]\n", encoding="ascii")
        output = here / "output.txt"
        with output.open("wb") as out:
            status = _waited(words, here, environment, out=out, within=within)
        report = here / "junit.xml"
        written = report.read_bytes()[:LARGEST] if report.exists() else b""
        return Ran(status, output.read_bytes()[:LARGEST], written)


def _waited(words: list[str], here: Path, environment: dict[str, str], *, out: BinaryIO, within: Seconds) -> int:
    """Wait for a process; one that takes too long ends with everything that it has started."""
    with subprocess.Popen(  # noqa: S603  no shell; the file is the approved one
        words, cwd=here, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
    ) as process:
        try:
            status = process.wait(timeout=float(within) + _LATER)
        except subprocess.TimeoutExpired:
            status = confined.TOO_LONG
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if status == confined.TOO_LONG:
        raise FailedError(f"pytest did not end within {within:g} s")
    return status


def counted(report: bytes) -> Counter[str]:
    """Count the tests of a JUnit report by how they ended; nothing where it can't be read."""
    counts: Counter[str] = Counter()
    ends = {"failure": "failed", "error": "error", "skipped": "skipped"}
    inside = ""

    def begin(name: str, _attributes: dict[str, str]) -> None:
        nonlocal inside
        inside = "passed" if name == "testcase" else ends.get(name, inside)

    def end(name: str) -> None:
        nonlocal inside
        if name == "testcase":
            counts[inside] += 1
            inside = ""

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    try:
        parser.Parse(report, True)
    except expat.ExpatError:
        return Counter()
    return counts


CHECK = Check(
    "a pytest file beside the protocol, as it was approved", run, needs=("file", "sha256", "within"), times=("within",)
)
"""It wants pytest to be installed."""
