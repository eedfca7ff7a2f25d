"""Many trials on several cores: each is a run of its own on a throwaway site, and the order is that of the question.

The result is the same however the trials are shared out: what a run comes to depends on its recipe, site, seed and
changes alone. The digest of a campaign is over the heads of all its ledgers, in order.
"""

import multiprocessing
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial

from automation.kernel.errors import FailedError
from automation.kernel.ids import digest
from automation.ledger.read import Reader
from automation.surfaces.cli.port import Opener
from automation.surfaces.cli.trial import BATCH, Trial, tried
from automation.views.comparison import Kind, Side, Value, side
from automation.views.story import Story

SHOWN = (Kind.RESULT, Kind.YIELD)
_SHARES = 8  # portions that each process takes in the course of a campaign


@dataclass(frozen=True, slots=True)
class Run:
    """One point of the grid and what came of it."""

    changes: Mapping[str, str]
    seed: int
    state: str
    head: str
    found: Side  # of the batch; it names the site
    why: str = ""  # it was left open

    def value(self, where: str) -> Value | None:
        """Give a result or yield by step.name; None where the run has none."""
        named = (self.found.facts.get((kind, where)) for kind in SHOWN)
        return next((one[0] for one in named if one is not None), None)

    def unit(self, where: str) -> str:
        """Give its unit; empty for words and where there is none."""
        named = (self.found.facts.get((kind, where)) for kind in SHOWN)
        return next((one[1] for one in named if one is not None), "")


def runs(opener: Opener, trials: Sequence[Trial], *, jobs: int) -> Iterator[Run]:
    """Give what each trial came to, in order; ``jobs`` processes share them.

    Raises as ``tried`` what the first wrong trial raises, FailedError when a process of the campaign has died.
    """
    one = partial(run, opener)
    if jobs <= 1 or len(trials) <= 1:
        yield from map(one, trials)
        return
    share = max(1, len(trials) // (jobs * _SHARES))
    try:
        with ProcessPoolExecutor(jobs, mp_context=_context()) as pool:
            yield from pool.map(one, trials, chunksize=share)
    except BrokenProcessPool as error:
        raise FailedError("a process of the campaign has died, for want of memory perhaps; use fewer --jobs") from error


def run(opener: Opener, trial: Trial) -> Run:
    """Run one trial; raises as ``tried``."""
    with tried(opener, trial) as ran, Reader(ran.folder) as reader:
        found, left = side(Story(reader, BATCH), {}, label=""), ran.left
        return Run(trial.changes, trial.seed, left.state, left.head, found, left.why)


def digest_of(every: Sequence[Run]) -> str:
    """Give the digest of a campaign (hex): the heads of its ledgers, in order."""
    return digest("campaign", *(one.head for one in every)).hex()


def _context() -> multiprocessing.context.BaseContext:
    """Give how processes begin: as copies of this one where nothing else goes on in it, else from scratch."""
    alone = sys.platform == "linux" and threading.active_count() == 1
    return multiprocessing.get_context("fork" if alone else "spawn")
