"""What is public of a process, and what was used to set our fakes: the rows of the table of realism.

Calibrated: a constant of a fake was set so that this number comes out; agreement shows no more than that it was set.
Checked:    kept apart: nothing was set by it; it follows from other numbers, and may come out wrong.
Marks:      C confirmed in a public source, M from memory, S computed, D a design default; docs/realism.md explains.
Units:      as each row says. Source: public process facts; ``says`` tells each with its mark.
"""

import math
from dataclasses import dataclass
from enum import StrEnum


class Use(StrEnum):
    """What a public number was used for."""

    CALIBRATED = "calibrated"
    CHECKED = "checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One quantity of a recipe beside what is public of it; ``why`` explains one that is not within."""

    recipe: str
    name: str
    unit: str
    says: str
    use: Use
    low: float = -math.inf
    high: float = math.inf
    why: str = ""
    digits: int = 1


CAR_T, FINAL_DAY, TIL, CAR_NK = "car-t", "final-day", "til", "car-nk"
INFUSION, STARTING = "thaw-for-infusion", "thaw-starting-material"
_OURS = "set for the size of the fakes, not for a dose: "

NUMBERS = (
    Number(recipe=CAR_T, name="wanted cells recovered by the selection", unit="%", low=43, high=67, use=Use.CALIBRATED,
           says="55 +/- 6 % (C, one device)"),
    Number(recipe=CAR_T, name="purity after the selection", unit="%", low=94, high=100, use=Use.CALIBRATED,
           says="98 +/- 4 % (C, one device); at least 80 % (D)"),
    Number(recipe=CAR_T, name="platelet reduction, viable cells recovered", unit="%", low=80, high=105,
           use=Use.CHECKED, says="at least 80 % (M: performance tests of washers); more than 100 % by counting noise"),
    Number(recipe=CAR_T, name="dip of viability after activation", unit="%", low=4, high=10, use=Use.CALIBRATED,
           says="about 10 % on day 2 (D); set to 8 % in the lag, seen against the count before"),
    Number(recipe=CAR_T, name="doubling time of sparse cells", unit="h", low=20, high=30, use=Use.CALIBRATED,
           says="20-30 h (M); set to 26 h and 4 % from donor to donor"),
    Number(recipe=CAR_T, name="doubling time, first to second sample", unit="h", low=20, high=30, use=Use.CHECKED,
           says="20-30 h (M)",
           why="at 1.5e6 per mL, half of what grows at rest, logistic growth is half as fast, and is fed only then"),
    Number(recipe=CAR_T, name="days from receipt to harvest", unit="d", low=7, high=12, use=Use.CHECKED,
           says="7-12 d (C: processes of 9 and 13 days)"),
    Number(recipe=CAR_T, name="fold expansion at harvest", unit="", low=20, high=45, use=Use.CHECKED,
           says="about 30-fold from 1e8 in 13 days (C)",
           why="the recipe harvests at 1.2e9 cells, by day 9 already; see the fold of 1e8 cells by day 11"),
    Number(recipe=CAR_T, name="fold of 1e8 cells by day 11, room for 3.5e9", unit="", low=20, high=40,
           use=Use.CALIBRATED, says="about 30-fold by day 10-12 (S), from the published 30-fold (C)"),
    Number(recipe=CAR_T, name="viable cells at harvest", unit="1e6/mL", low=0.3, high=20, use=Use.CHECKED, digits=2,
           says="0.3-2 at rest, 5-20 on a rocking platform (M)"),
    Number(recipe=CAR_T, name="viability in culture, least", unit="%", low=80, use=Use.CHECKED,
           says="at least 80 % (M)"),
    Number(recipe=CAR_T, name="glucose, least", unit="g/L", low=1.0, use=Use.CHECKED, digits=2,
           says="above 1-2 g/L (M)"),
    Number(recipe=CAR_T, name="lactate, most", unit="g/L", high=2.0, use=Use.CALIBRATED, digits=2,
           says="below 2 g/L (M); uptake set to 0.07 pmol within the published 0.05-0.1 (M)"),
    Number(recipe=CAR_T, name="carrying the vector, static, MOI 5", unit="%", low=8, high=13, use=Use.CALIBRATED,
           says="10 % static (C); at least 2 % (C: CTL019), 5 % on day 5 (C)"),
    Number(recipe=CAR_T, name="beads left per 3e6 cells", unit="", high=100, use=Use.CHECKED, digits=0,
           says="at most 100 (C: academic); 2 log a pass (D)"),
    Number(recipe=CAR_T, name="harvest to washed cells, recovery", unit="%", low=80, high=95, use=Use.CHECKED,
           says="80-95 % (C: removal of beads, harvest, wash, concentration)"),
    Number(recipe=CAR_T, name="T cells in the product", unit="%", low=80, use=Use.CHECKED, digits=2,
           says="at least 80 % (C)"),
    Number(recipe=CAR_T, name="viability of the washed cells", unit="%", low=80, use=Use.CHECKED,
           says="at least 70 % (C: academic), 80 % (C: tisagenlecleucel)"),
    Number(recipe=CAR_T, name="viable CAR-positive cells per bag", unit="1e8", low=0.1, high=2.5, use=Use.CHECKED,
           digits=3, says="0.1-2.5, 0.6-6 by indication (C)"),
    Number(recipe=CAR_T, name="volume per bag", unit="mL", low=10, high=50, use=Use.CHECKED, says="10-50 mL (C)"),
    Number(recipe=CAR_T, name="DMSO in the product", unit="%", low=9.5, high=10.5, use=Use.CALIBRATED, digits=2,
           says="10 % (C: CS10); the recipe's own target"),
    Number(recipe=CAR_T, name="cryoprotectant to freezing", unit="min", high=60, use=Use.CHECKED,
           says="at most 30-60 min (M)"),
    Number(recipe=FINAL_DAY, name="wash, true recovery of live cells", unit="%", low=80, high=100, use=Use.CHECKED,
           says="r^n x 0.97 with r 0.97 (D): 94 %; at least 80 % (M)"),
    Number(recipe=FINAL_DAY, name="wash, gain of viability", unit="%", low=0, high=3, use=Use.CHECKED, digits=2,
           says="+1 % a cycle up to 98 % (D); dead cells leave first"),
    Number(recipe=FINAL_DAY, name="wash, true residual of the medium", unit="%", high=0.67, use=Use.CHECKED, digits=4,
           says="exp(-ND) with ND 10: 0.0045 % (S); 5 volumes 0.67 % (S)"),
    Number(recipe=FINAL_DAY, name="ice forms, as seen on the curve", unit="degC", low=-12, high=-5, use=Use.CALIBRATED,
           says="-5 to -12 (D); drawn from a triangle -10 ... -7.5 ... -6 (D), seen through a probe's lag"),
    Number(recipe=FINAL_DAY, name="cooling from -10 to -40", unit="K/min", low=0.5, high=2.0, use=Use.CHECKED,
           digits=2, says="0.5-2 (D); 1.13 for a bag of 20 mL in an ideal chamber (S)"),
    Number(recipe=FINAL_DAY, name="freezing run", unit="min", low=55, high=80, use=Use.CHECKED,
           says="about 1 h (C), 73 min for this program (S)"),
    Number(recipe=FINAL_DAY, name="product at the end of the run", unit="degC", high=-80, use=Use.CHECKED,
           says="-90 of the chamber, then transfer (M)"),
    Number(recipe=FINAL_DAY, name="receipt to store", unit="h", high=6, use=Use.CHECKED, digits=2,
           says="at most 4-6 h end to end (D)"),
    Number(recipe=INFUSION, name="live cells that survive freezing and thawing", unit="%", low=85, high=97,
           use=Use.CALIBRATED, says="92 % inside the accepted window (D)"),
    Number(recipe=INFUSION, name="viability of the thawed bag", unit="%", low=70, use=Use.CHECKED,
           says="at least 70 % thawed (M); 70 or 80 % at release (C)"),
    Number(recipe=INFUSION, name="thaw of 50 mL from -190 degC", unit="min", low=3, high=7, use=Use.CHECKED,
           says="about 4 min from -120 degC (S, hand estimate); until no visible ice (C)"),
    Number(recipe=STARTING, name="viability of the thawed apheresis, counted", unit="%", low=70, use=Use.CHECKED,
           says="at least 70 % thawed (M)"),
    Number(recipe=TIL, name="rapid expansion, fold in 11 days", unit="", low=500, high=2000, use=Use.CALIBRATED,
           digits=0, says="500-2 000 (M)",
           why="a donor's pace counts for nine doublings: the slowest of twenty stay just below"),
    Number(recipe=TIL, name="days from tumour to store", unit="d", low=21, high=23, use=Use.CHECKED,
           says="22 d (M)"),
    Number(recipe=TIL, name="viable cells of the harvest", unit="1e9", low=7.5, high=72, use=Use.CHECKED, digits=2,
           says="dose 7.5e9-72e9 (C: lifileucel)",
           why=_OURS + "one flask of 3e6 seeded cells and 1 L of medium; several flasks make a dose"),
    Number(recipe=TIL, name="viability of the washed cells", unit="%", low=70, use=Use.CHECKED,
           says="at least 70 % (C)"),
    Number(recipe=CAR_NK, name="fold expansion with feeders, 14 days", unit="", low=500, high=1500,
           use=Use.CALIBRATED, digits=0, says="1 000-fold in 14-15 days (M)",
           why="one number is published, and no spread; a donor's pace counts for ten doublings"),
    Number(recipe=CAR_NK, name="CD56+CD3- cells", unit="%", low=90, use=Use.CHECKED, digits=2,
           says="at least 90 % (M)"),
    Number(recipe=CAR_NK, name="CD3+ cells, true", unit="%", high=1.0, use=Use.CHECKED, digits=4,
           says="below 0.5-1 % (M)"),
    Number(recipe=CAR_NK, name="feeder cells left, true", unit="%", high=0.5, use=Use.CHECKED, digits=5,
           says="below 0.5 % (M)"),
    Number(recipe=CAR_NK, name="days from receipt to store", unit="d", low=14, high=15.5, use=Use.CHECKED,
           says="14-15 d (M)",
           why="fast donors have the recipe's cells a day earlier, and are harvested then"),
)  # fmt: skip
