"""Judges changes in a copy of the program: each in a process of its own, by the tests that reach what it changes.

Run in the copy: ``python -m tests.mutants.judge MUTANTS PROCESSES TESTS``; a line of JSON on standard output for each.
Units: s. A change of what runs while a module is imported is judged by a process that has imported nothing of ours yet.
"""

import importlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import coverage
import pytest
from hypothesis import HealthCheck, settings

from tests.mutants.reach import Mutant, Reach

LIBRARIES = ("cryptography", "msgspec", "numpy", "pydantic", "sqlite3", "transitions")  # imported once, for all
PATIENCE, AT_LEAST = 4.0, 10.0  # times what its tests took unchanged, and s: then a change counts as never ending
MEMORY = 4 << 30  # bytes
OPTIONS: tuple[str, ...] = ("-q", "-x", "-p", "no:cacheprovider", "--no-header", "--tb=no", "--no-summary")
OPTIONS += ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # hypothesis was imported for all
KILLED, SURVIVED, ENDLESS, UNREACHED = "killed", "survived", "endless", "unreached"


class Recorder:
    """Tells the measurement which test runs, and keeps what passed."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured, self.took, self.wrong = measured, defaultdict[str, float](float), set[str]()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Begin a test."""
        self.measured.switch_context(nodeid)

    def pytest_runtest_logfinish(self) -> None:
        """End a test; what runs between two tests belongs to none."""
        self.measured.switch_context("between")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep how long a test took, and whether it passed."""
        self.took[report.nodeid] += report.duration
        if report.outcome != "passed":
            self.wrong.add(report.nodeid)


def measure(tests: tuple[str, ...], modules: list[str], to: Path) -> None:
    """Run tests unchanged and write down which of them run which lines."""
    measured = coverage.Coverage(
        data_file=None, config_file=False, include=[f"{Path.cwd()}/{name}" for name in modules]
    )
    measured.start()
    recorder = Recorder(measured)
    pytest.main([option for option in OPTIONS if option != "-x"] + list(tests), plugins=[recorder])
    measured.stop()
    data, ran = measured.get_data(), defaultdict[str, dict[str, list[int]]](lambda: defaultdict(list))
    for module in modules:
        for line, contexts in data.contexts_by_lineno(f"{Path.cwd()}/{module}").items():
            for test in contexts:
                ran[module][test].append(line)
    took = {test: seconds for test, seconds in recorder.took.items() if test not in recorder.wrong}
    to.write_text(json.dumps({"took": took, "ran": ran}))


class Forks:
    """Processes that begin as a copy of this one; at most so many at a time."""

    def __init__(self, most: int) -> None:
        self.most, self.running = most, dict[int, tuple[Mutant, Path]]()

    def run(self, mutants: list[Mutant], reach: Reach) -> Iterator[tuple[Mutant, str]]:
        """Judge changes, and give each with what came of it."""
        for mutant in mutants:
            tests = reach.of(mutant)
            if not tests:
                yield mutant, UNREACHED
                continue
            while len(self.running) >= self.most:
                yield self._next()
            limit = AT_LEAST + PATIENCE * sum(map(reach.took.__getitem__, tests))
            self._start(mutant, tests, limit)
        while self.running:
            yield self._next()

    def _start(self, mutant: Mutant, tests: list[str], limit: float) -> None:
        folder = Path(tempfile.mkdtemp(prefix="mutant-"))
        pid = os.fork()
        if pid == 0:
            signal.setitimer(signal.ITIMER_REAL, limit)
            _alone(mutant.name, [f"--basetemp={folder}/tests", *tests])
        self.running[pid] = (mutant, folder)

    def _next(self) -> tuple[Mutant, str]:
        pid, status = os.wait()
        mutant, folder = self.running.pop(pid)
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # what its tests have started
        shutil.rmtree(folder, ignore_errors=True)
        code = os.waitstatus_to_exitcode(status)
        return mutant, ENDLESS if code == -signal.SIGALRM else SURVIVED if code == 0 else KILLED


def _alone(name: str, words: list[str]) -> None:
    """Run tests with one change switched on, and leave without a word."""
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.environ["MUTANT_UNDER_TEST"] = name
    switch = importlib.import_module("mutmut.mutation.trampoline")
    switch.set_mutant_under_test(name)  # tests that empty the environment do not switch it off
    os._exit(pytest.main([*OPTIONS, *words]))


def baseline(tests: tuple[str, ...], modules: list[str]) -> Reach:
    """Measure in a process of its own, so that this one stays empty."""
    to = Path.cwd() / "reach.json"
    pid = os.fork()
    if pid == 0:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        try:
            measure(tests, modules, to)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    return Reach(**json.loads(to.read_text()))


def main() -> None:
    """Judge."""
    file, processes, tests = Path(sys.argv[1]), int(sys.argv[2]), tuple(sys.argv[3:])
    mutants = [Mutant(**{**one, "lines": tuple(one["lines"])}) for one in json.loads(file.read_text())]
    settings.register_profile("mutants", deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    settings.load_profile("mutants")
    for library in LIBRARIES:
        importlib.import_module(library)
    modules = sorted({mutant.module for mutant in mutants})
    started = time.monotonic()
    reach = baseline(tests, modules)
    if not reach.took:
        sys.exit("no test passes unchanged")
    say({"tests": len(reach.took), "seconds": time.monotonic() - started})
    forks = Forks(processes)
    for mutant, outcome in forks.run([one for one in mutants if reach.early(one)], reach):
        say({"name": mutant.name, "outcome": outcome})
    pytest.main(["--collect-only", *OPTIONS, *tests])  # so that each process finds its tests imported
    for mutant, outcome in forks.run([one for one in mutants if not reach.early(one)], reach):
        say({"name": mutant.name, "outcome": outcome})


def say(line: dict[str, object]) -> None:
    """Print a line of JSON at once, where the words of pytest do not come."""
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
