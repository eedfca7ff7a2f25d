"""All figures, each as a ratio to a yardstick in the same run, because machines are noisy; ``make bench``."""

import gc
import sys
from statistics import median

from tests.benchmarks import day_bench, handler_bench, ledger_bench, star_bench, steps_bench, yardstick

ROUNDS = 3
COURSE = "car-t-13-day"  # the climate every 10 min, a count each day, every step
DAYS = (("freeze-day", "a", 0.2), ("freeze-day", "b", 0.2), ("final-day", "a", 2.0), ("final-day", "b", 0.3))


def line(what: str, figure: str, goal: str = "") -> None:
    """Print one figure."""
    sys.stdout.write(f"{what:<72} {figure:>12}  {goal}\n")


def main() -> None:
    """Measure and print."""
    steps_bench.ours(500)  # the first round would pay for what is loaded once
    yardstick.bluesky()  # as above
    gc.collect()
    gc.freeze()  # neither pays for what the other has loaded
    pairs = [(steps_bench.ours(), yardstick.bluesky()) for _ in range(ROUNDS)]
    best, yard = max(mine for mine, _ in pairs), max(theirs for _, theirs in pairs)
    line("recorded simulated steps/s (set + read: driver, bytes, fake, ledger)", f"{best:,.0f}")
    line("bluesky RunEngine steps/s (9 messages, ophyd-async soft devices)", f"{yard:,.0f}")
    line("  ratio, median of rounds", f"{median(m / t for m, t in pairs):.1f}", "at least 10")
    for callers, goal in ((1, "at least 0.8"), (4, "")):
        live = ledger_bench.live_against_executemany(callers=callers)
        line(f"live durable appends / raw executemany, same rows and groups, batches: {callers}", f"{live:.2f}", goal)
    line("verify / bare sha256 chain, same bytes", f"{ledger_bench.verify_against_bare_chain():.2f}", "at least 0.5")
    handler_bench.ours(100)
    spent, wall = min(handler_bench.spent() for _ in range(ROUNDS))
    line("1,000 recorded transfers on our own handler (s of processor)", f"{spent:.3f}", "at most 0.5")
    line("  the same by the clock (s)", f"{wall:.3f}")
    each, ratio = star_bench.star_against_pylabrobot()
    line("a recorded transfer of eight channels through the STAR driver (ms)", f"{1000 * each:.1f}")
    line("  against PyLabRobot alone on the same fake, median of rounds", f"{ratio:.2f}", "at most 1.15")
    for recipe, site, most in DAYS:
        taken = day_bench.core(site, recipe=recipe)
        line(f"simulated {recipe} on site {site.upper()}: open, run, close (s)", f"{taken:.3f}", f"at most {most}")
    cost = day_bench.course("a", recipe=COURSE)
    what = f"{COURSE} on site A, {cost.days:.1f} days, {cost.events} events: open, run, close, verify"
    line(f"{what} (s of processor)", f"{cost.processor:.2f}", "at most 1.0")
    line("  the same by the clock (s)", f"{cost.wall:.2f}")
    line("  against a loop of 2,000,000 rounds in the same run", f"{cost.ratio:.1f}")
    line("  the same in a new process, imports included (s)", f"{day_bench.first_course('a', recipe=COURSE):.2f}")
    line("  its record as PDF in a new process (s)", f"{day_bench.documents('a', recipe=COURSE):.2f}")
    bare = day_bench.process([sys.executable, "-c", "pass"])
    line("bare interpreter start (s)", f"{bare:.3f}")
    line("cellwright --help (s)", f"{day_bench.command('--help'):.3f}", "at most 0.25")
    line("cellwright verify of a small ledger (s)", f"{day_bench.small_ledger_verified():.3f}", "at most 0.5")


if __name__ == "__main__":
    main()
