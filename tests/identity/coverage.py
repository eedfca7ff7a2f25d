"""What was covered: operation, state and question, against what was done there; and the figures of a run."""

import textwrap
from collections import Counter

from tests.identity import effects
from tests.identity.eyes import INVARIANTS
from tests.identity.mistakes import MISTAKES
from tests.identity.sequences import RIGHT, Tally

WIDTH = 118


def table(tally: Tally) -> str:
    """Give the table: each question in each state of each operation, with how often what was done there."""
    places = dict.fromkeys(sorted((operation, state) for operation, state, _ in tally.cells))
    lines = ["operation, state: question (how it stands)", ""]
    for operation, state in places:
        done = {kind: n for (op, st, kind), n in tally.cells.items() if (op, st) == (operation, state)}
        right = done.pop(RIGHT, 0)
        lines.append(f"{operation}, {state}: {right:,} right, {sum(done.values()):,} wrong")
        said = "; ".join(f"{kind} {n:,}" for kind, n in sorted(done.items()))
        lines += textwrap.wrap(said, WIDTH, initial_indent="    ", subsequent_indent="    ")
        lacking = [kind for kind in _applicable(state) if kind not in done]
        if lacking:
            said = f"not tried: {', '.join(lacking)}"
            lines += textwrap.wrap(said, WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join([*lines, "", *_kinds(tally), ""])


def _applicable(state: str) -> tuple[str, ...]:
    """Give the mistakes that can be made at a question."""
    if ": scan" not in state:
        return ()
    return () if state.endswith(", locked") else tuple(MISTAKES)


def _kinds(tally: Tally) -> list[str]:
    """Give how often each kind of mistake was made, over everything; none may be missing."""
    whole: Counter[str] = Counter()
    for (_, _, kind), n in tally.cells.items():
        whole[kind] += n
    for kind in (*MISTAKES, *effects.MISTAKES):
        whole[kind] += 0
    return [f"{kind:<40}{n:>12,}" for kind, n in sorted(whole.items(), key=lambda one: (-one[1], one[0]))]


def figures(tally: Tally, *, sites: int, wrong: int) -> str:
    """Give how much was done and how it ended."""
    share = tally.right / tally.acts if tally.acts else 0.0
    return (
        f"{tally.sequences:,} sequences of {tally.acts:,} acts over 20 patients at each of {sites:,} sites, "
        f"{tally.batches:,} batches, {tally.touched:,} effects on containers\n"
        f"{len(tally.cells):,} cells of operation, state and act; right: {100 * share:.1f} % of the acts, "
        f"{100 * tally.least:.1f} % in the sequence with the fewest\n"
        f"{len(INVARIANTS)} invariants after each: {'; '.join(INVARIANTS)}\n{wrong} sequences broke one\n"
    )
