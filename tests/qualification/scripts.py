"""What people find in each shipped protocol on simulated site A: the answers of a whole execution, step by step.

Units:  as the steps ask: g, mg, mL, Pa, degC, %, K/min.
Source: ``protocols/qualification``; masses of water by ISO 8655-6 (Z = 1.0029 uL/mg at 20 degC).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

SMALL, LARGE = "freeze-day", "final-day"
LOADS: Mapping[str, tuple[str, ...]] = {SMALL: ("S-1", "S-2", "S-3"), LARGE: ("L-1", "L-2", "L-3")}
"""Batches by recipe: one bag is the least load of the process, the bags of a final day are the largest."""


@dataclass(frozen=True, slots=True)
class Script:
    """One execution: of which asset, with which test equipment, and what is found in the steps that people do."""

    protocol: str
    asset: str
    equipment: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()  # steps that want a file


SCRIPTS: Mapping[str, Script] = {
    one.protocol: one
    for one in (
        Script(
            "balance-oq",
            "balance-01",
            {"weights": "weights-01"},
            {
                "OQ-1.1": "100.02",
                "OQ-1.2": "200.03",
                "OQ-2.1": "5000 5001 5000 5000 4999 5000 5000 5001 5000 5000",
            },
            {"IQ-1.2": "bubble centred, stone table 3, hood off"},
        ),
        Script(
            "freezer-oq",
            "crf-01",
            {"logger": "logger-01"},
            {"IQ-2.1": "170000", "OQ-2.3": "-89.6 -90.4 -89.1 -90.9 -90.0 -91.2 -89.9 -90.3 -88.8"},
            {
                "IQ-1.2": "plate 2408-SIM, manual rev C, three drawings, two spare thermocouples",
                "OQ-2.1": "chamber empty and dry, nine thermocouples in place, logger running, lid closed",
                "IQ-2.2": "test gas 17 % O2: horn outside and inside after 11 s",
                "OQ-3.2": "lid open 60 s at -90 degC: lamp and horn after 14 s",
            },
            ("OQ-2.3",),
        ),
        Script(
            "freezer-pq",
            "crf-01",
            {"logger": "logger-01"},
            {"PQ-3.1": "84.1", "PQ-3.2": "82.7", "PQ-3.3": "85.0"},
            files=("PQ-3.1", "PQ-3.2", "PQ-3.3"),
        ),
        Script(
            "liquid-handler-oq",
            "handler-01",
            {"balance": "balance-01"},
            {
                "OQ-1.1": "20.0",
                "OQ-1.2": "99.2 100.1 99.8 100.4 99.5 99.9 100.2 99.7 100.0 99.6",
                "OQ-1.3": "498.1 499.0 497.6 498.8 499.4 498.2 497.9 498.5 499.1 498.4",
                "OQ-1.4": "996.8 997.5 996.1 998.0 997.2 996.9 997.7 996.4 997.0 997.3",
            },
            {
                "IQ-1.2": "deck final-day-star, tips 1000 uL lot T-4, labware definitions 3.2 as approved",
                "OQ-2.1": "stopped at position A1, error: no tip picked up; refusal on record",
                "OQ-2.2": "stopped, error: not enough liquid in well B1",
            },
            ("OQ-1.4",),
        ),
        Script(
            "cell-washer-oq",
            "washer-01",
            {"balance": "balance-01"},
            {"OQ-1.1": "98.6", "OQ-1.2": "101.9", "OQ-2.1": "-0.6"},
            {
                "IQ-1.2": "two pumps, six clamps, two load cells, one pressure sensor; kit lot KIT-2201",
                "OQ-3.1": "alarm at 172 kPa after 2 s, pump stopped, line dry",
                "OQ-3.2": "air alarm after 1 s, pump stopped",
                "OQ-3.3": "door locked until the rotor stood still",
                "OQ-3.4": "stood still after the power came back; screen showed: run interrupted",
            },
            ("OQ-2.1",),
        ),
        Script(
            "system-iq-oq",
            "system-01",
            seen={
                "IQ-2.4": "two accounts, folder 0700 of the service account, backups on host bk-2",
                "OQ-1.2": "locked after the fifth wrong secret; unlocked by ida",
                "OQ-2.2": "verify of the copy: not intact, event 12 named",
                "OQ-4.1": "plug pulled in a wash on water; went on; one start counted at the washer",
            },
            files=("OQ-2.2",),
        ),
    )
}
