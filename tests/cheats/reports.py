"""Reports of a process: concluded when the period is over, for the very file, and approved by another."""

from tests.cheats.cheat import DAY, Act, Cheat, Tried, later
from tests.support.doors import SECOND
from tests.unit.gmp.moves_of_quality import SERIES

TITLE = "Trend reports"
CLAUSE = "21 CFR 211.180(e); EU GMP chapter 1, 1.10"
CPV = "trend-report/CPV-1"
PLAN = Act(CPV, "plan", SERIES, "review")
SAID = Act(CPV, "conclude", {"period": "2026-10", "sha256": "a" * 64, "conclusion": "in control"}, "review")
APPROVE = Act(CPV, "approve", by="approve")


def _reported(name: str, says: str, plot: Tried) -> Cheat:
    return Cheat(name, CLAUSE, ("F137.2",), says, plot)


CHEATS = (
    _reported(
        "Approve the trend report that one concluded oneself",
        "someone else has to approve it",
        Tried(APPROVE.made_by(SECOND), APPROVE, (PLAN, SAID.made_by(SECOND))),
    ),
    _reported(
        "Conclude a period before it is over",
        "2026-11 goes on until 2026-12-01",
        Tried(
            SAID.stating(period="2026-11"),
            SAID.stating(period="2026-11"),
            (PLAN.stating(first="2026-11"),),
            (later(9 * DAY),),
        ),
    ),
    _reported(
        "Leave out a period that looks bad",
        "is to be concluded for 2026-10 next",
        Tried(SAID.stating(period="2026-11"), SAID, (PLAN,)),
    ),
    _reported(
        "Conclude a report that was never frozen",
        "needs the SHA-256 of the report that was frozen",
        Tried(
            SAID.stating(sha256="as discussed by telephone, see the minutes of the meeting of Monday"), SAID, (PLAN,)
        ),
    ),
)
