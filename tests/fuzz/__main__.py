"""Fuzzing from the command line; ``make fuzz N=1000000 TARGET='mt_sics reply'`` is the short way.

Run: ``python -m tests.fuzz --inputs 100000 [--target WORD] [--seed 1] [--codecs] [--processes 2]``
     ``python -m tests.fuzz --target NAME --replay FILE|HEX``     gives an input to a fresh instance again
Each target gets its share of the inputs (less for what works on files; the wires of drivers get all). For a failure the
shrunk input and the one command that replays it are printed; exit status 1 then. See docs/fuzzing.md.
"""

import argparse
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

from tests.fuzz.registry import codecs, targets, wanted
from tests.fuzz.run import Failure, Outcome, fails, fuzz, starve
from tests.fuzz.target import Target

PROCESSES = 2
SHOWN = 2000  # hex digits that still go into a command
KEPT = Path("build") / "fuzz"


def one(name: str, *, inputs: int, seed: int) -> Outcome:
    """Fuzz one target with its share of the inputs."""
    target = targets()[name]
    return fuzz(target, max(1, round(inputs * target.share)), seed=seed)


def report(outcomes: Iterable[Outcome]) -> bool:
    """Print a line for each target, and each failure; tells whether there was one."""
    wrong, tried, started = 0, 0, time.monotonic()
    say(f"{'target':36} {'tried':>9} {'accepted':>9} {'refused':>9} {'other':>5} {'slowest':>10} {'inputs/s':>9}")
    for outcome in outcomes:
        tried += outcome.tried
        rate = outcome.tried / max(outcome.seconds, 1e-9)
        counts = f"{outcome.tried:9} {outcome.accepted:9} {outcome.refused:9} {outcome.failure is not None:5d}"
        say(f"{outcome.target:36} {counts} {outcome.slowest * 1000:7.1f} ms {rate:9.0f}")
        if outcome.failure is not None:
            wrong += 1
            say(f"  {outcome.failure.error}\n  {_again(outcome.target, outcome.failure)}")
    say(f"{tried} inputs, {wrong} targets failed; {time.monotonic() - started:.0f} s")
    return wrong > 0


def _again(name: str, failure: Failure) -> str:
    """Give the command that replays a failure; long inputs are kept in a file."""
    text = ",".join(data.hex() for data in failure.inputs)
    if len(text) > SHOWN:
        KEPT.mkdir(parents=True, exist_ok=True)
        path = KEPT / f"{name.replace(' ', '-')}.hex"
        path.write_text(text, encoding="ascii")
        text = str(path)
    return f"again: python -m tests.fuzz --target '{name}' --replay '{text}'"


def replay(target: Target, text: str) -> bool:
    """Give inputs to a fresh instance and say what came of it; tells whether it fails."""
    path = Path(text)
    written = path.read_text(encoding="ascii") if len(text) < 255 and path.is_file() else text  # longer is no name
    inputs = [bytes.fromhex(part) for part in written.split(",")]
    wrong = fails(target, inputs)
    say(f"{target.name}: {wrong or 'accepted or refused, as it should be'}")
    return bool(wrong)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Fuzz."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--target", default="", help="name of a target, or a word that stands in names")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--codecs", action="store_true", help="only the grammars of wires")
    parser.add_argument("--processes", type=int, choices=range(1, PROCESSES + 1), default=PROCESSES)
    parser.add_argument("--replay", default="")
    asked = parser.parse_args()
    found = [target for target in wanted(asked.target) if target.name in codecs() or not asked.codecs]
    if not found:
        parser.error(f"no target is called {asked.target!r}; there are: {', '.join(targets())}")
    if asked.replay:
        sys.exit(replay(found[0], asked.replay))
    work = partial(one, inputs=asked.inputs, seed=asked.seed)
    with ProcessPoolExecutor(asked.processes, initializer=starve) as pool:
        running = [pool.submit(work, target.name) for target in found]
        sys.exit(report(done.result() for done in as_completed(running)))


if __name__ == "__main__":
    main()
