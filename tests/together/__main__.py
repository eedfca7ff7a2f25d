"""Many people at one live site: ``python -m tests.together [--clients N] [--rounds N] [--seed N]``.

A batch runs in one process on served fakes; in each round so many processes of the real command line come at once.
Prints what was done and whether the ledger holds exactly what was acknowledged; exit status 1 when it does not.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

from automation.engine.caller import ask
from automation.gmp.secrets import WRONG_IN_A_ROW
from automation.kernel.clock import since_boot
from automation.kernel.errors import RefusedError
from automation.ledger.verify import verify
from tests.support.live import BAGS, at_site, events, found, furnish, program, served, wish
from tests.together.crowd import BATCH, LOCKED, Came, all_at_once, contest, drawn, recorded, while_the_owner_dies, wrong

CODE = f"={BAGS['BAG-1']}00"  # what the scanner reads on the right bag


def main() -> int:
    """Let the crowd come; gives the exit status."""
    asked = argparse.ArgumentParser(prog="python -m tests.together")
    asked.add_argument("--clients", type=int, default=50)
    asked.add_argument("--rounds", type=int, default=2)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        return _rounds(Path(name), given.clients, rounds=given.rounds, seed=given.seed)


def _rounds(folder: Path, clients: int, *, rounds: int, seed: int) -> int:
    with (
        served("eurotherm_freezer", folder / "freezer.log") as freezer,
        served("keysight_34970a", folder / "logger.log") as logger,
    ):
        site = found(folder / "site", freezer.port, logger.port)
        at_site(site, furnish)
        words = ("run", str(site / "short.yaml"), "--batch", BATCH, "--container", "BAG-1", "--as", "carla")
        came: list[Came] = []
        with program(site, *words) as owner:
            while not any(event.stream.startswith("prompt/") for event in events(site)):
                assert owner.poll() is None, "the owner has ended"
            _guess(site)
            began = since_boot()
            came += (answers := asyncio.run(all_at_once(site, contest(_question(site), CODE, clients=6))))
            _say(f"one question, answered by all at once: {_told(answers, float(since_boot() - began))}")
            for number in range(rounds):
                began = since_boot()
                now = asyncio.run(all_at_once(site, drawn(seed + number, site, clients=clients)))
                came += now
                _say(_told(now, float(since_boot() - began)))
            alive = owner.poll() is None
            last = drawn(seed + rounds, site, clients=min(clients, 12))
            began = since_boot()
            came += (dying := asyncio.run(while_the_owner_dies(site, last, owner.pid, after=2.0)))
            _say(f"the owner is killed: {_told(dying, float(since_boot() - began))}")
        bad = [] if alive else ["the owner ended on the way"]
        winners = [one for one in answers if one.status == 0]
        bad += [] if len(winners) == 1 else [f"{len(winners)} people won the same question"]
        who = f"by {winners[0].wanted.by}" if winners else ""
        bad += [f"the loser was not told who: {one.err}" for one in answers if one.status and who not in one.err]
        return _judged(site, came, bad)


def _guess(site: Path) -> None:
    """Try somebody's secret until the account is locked, which is an alarm."""
    for guess in range(WRONG_IN_A_ROW):
        with suppress(RefusedError):
            ask(site, wish(LOCKED, "deviation/D-0", "open", {}, secret=f"guess {guess}"))


def _question(site: Path) -> str:
    """Give the question that waits."""
    return next(e.stream.removeprefix("prompt/") for e in reversed(events(site)) if e.stream.startswith("prompt/"))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _told(came: list[Came], took: float) -> str:
    ends = Counter("killed" if one.status < 0 else f"exit {one.status}" for one in came)
    return f"{len(came)} processes in {took:.1f} s: " + ", ".join(f"{n} {end}" for end, n in sorted(ends.items()))


def _judged(site: Path, came: list[Came], bad: list[str]) -> int:
    named = recorded(site)
    bad += wrong(came, named)
    bad += [] if verify(site).intact else ["the ledger is not intact"]
    done = sum(1 for one in came if one.event)
    _say(f"{len(named)} commands are recorded, {done} were acknowledged, {len(bad)} things are wrong")
    for text in bad:
        _say(f"  {text}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
