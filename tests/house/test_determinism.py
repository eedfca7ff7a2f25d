"""Same seed, same bytes: time and chance have one door each."""

import ast

from tests.house.source import modules

CLOCK, IDS = "automation/kernel/clock.py", "automation/kernel/ids.py"
SOURCES = {"time": CLOCK, "random": IDS, "secrets": IDS, "uuid": IDS, "numpy.random": IDS}
CALLS = {  # how a call ends that asks the machine for time, chance or order of the day
    ".now": ("datetime.now", "datetime.datetime.now"),
    ".today": ("date.today", "datetime.date.today", "datetime.today"),
    ".utcnow": ("datetime.utcnow", "datetime.datetime.utcnow"),
    ".urandom": ("os.urandom",),
    "hash": ("hash",),
}


def test_only_the_clock_reads_time_and_only_ids_draws() -> None:
    """A second source would make two runs of one seed differ."""
    wrong = [
        f"{module.path}:{line} imports {name}"
        for module in modules()
        for name, line in module.imports
        for source, home in SOURCES.items()
        if (name == source or name.startswith(f"{source}.")) and module.path != home
    ]
    assert wrong == []


def test_nobody_asks_the_machine_for_date_chance_or_hash() -> None:
    """``hash`` of text differs from process to process."""
    forbidden = {call for calls in CALLS.values() for call in calls}
    wrong = [
        f"{module.at(call)} {name}"
        for module in modules()
        for name, call in module.calls
        if name in forbidden and module.path not in (CLOCK, IDS)
    ]
    assert wrong == []


def test_only_the_clock_sleeps() -> None:
    """``asyncio.sleep(0)`` gives way and is no sleep."""
    wrong = [
        f"{module.at(call)}"
        for module in modules()
        for name, call in module.calls
        if name == "asyncio.sleep" and module.path != CLOCK and ast.unparse(call.args[0]) != "0"
    ]
    assert wrong == []
