"""What holds for every test: globals as they were found, no network beyond this machine, well-named requirements."""

import asyncio
import gc
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.qualification.marks import of_item, wrong

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _refuse_strangers(event: str, args: tuple[object, ...]) -> None:
    """Refuse to connect anywhere but to this machine; unix sockets have text for an address."""
    if event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] not in LOOPBACK:
        msg = f"a test tried to reach {args[1]}"
        raise AssertionError(msg)


def pytest_configure() -> None:
    """Watch every connection of the whole session; look for no garbage while everything is imported.

    Property tests try 40 examples each here; ``make fuzz`` tries as many as it is told.
    """
    hypothesis.settings.register_profile("suite", max_examples=40)
    hypothesis.settings.load_profile("suite")
    sys.addaudithook(_refuse_strangers)
    gc.disable()


def pytest_xdist_auto_num_workers() -> int:
    """Give a worker more than there are cores: the tests of real processes and lines wait most of their time."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep with each report which requirements it shows and which refusals; refuse marks that say nothing."""
    for item in items:
        for mark in item.iter_markers("requirement"):
            if problem := wrong(mark.args, mark.kwargs):
                raise pytest.UsageError(f"{item.nodeid}: requirement {problem}")
        item.user_properties += [("refuses" if no else "requirement", name) for name, no in sorted(of_item(item))]


def pytest_collection_finish() -> None:
    """Take what was imported and collected out of the search for garbage: it stays to the end, and is most there is."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def _as_found() -> Iterator[None]:
    """Put environment, folder, randomness and event loop back, whatever the test did to them."""
    environment, folder, drawn = dict(os.environ), Path.cwd(), random.getstate()
    os.environ.pop("CELLWRIGHT_SITE", None)
    yield
    if dict(os.environ) != environment:
        os.environ.clear()
        os.environ.update(environment)
    os.chdir(folder)
    random.setstate(drawn)
    asyncio.set_event_loop(None)
