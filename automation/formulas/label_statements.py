"""Statements that a label has to carry: by the donor's evaluation, by whom it is for, and by whose rules it is made.

Source: 21 CFR 1271.90(c)(1)-(6) and 1271.3(h) (biohazard legend); ISBT 128 ST-001 (collection type of a product code);
        21 CFR 312.6(a), 610.60(a)(6); Reg. (EC) 1394/2007 Annex III (k); Reg. (EU) 536/2014 Annex VI A.1(i).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

AUTOLOGOUS_ONLY = "FOR AUTOLOGOUS USE ONLY"
NOT_EVALUATED = "NOT EVALUATED FOR INFECTIOUS SUBSTANCES"
ADVISE = "WARNING: ADVISE RECIPIENT OF COMMUNICABLE DISEASE RISKS"
BIOHAZARD = "BIOHAZARD"
REACTIVE = "WARNING: REACTIVE TEST RESULTS FOR"
INVESTIGATIONAL = "CAUTION: NEW DRUG-LIMITED BY FEDERAL LAW TO INVESTIGATIONAL USE"
RX_ONLY = "RX ONLY"
TRIAL_ONLY = "FOR CLINICAL TRIAL USE ONLY"


class Use(StrEnum):
    """Whom it is for."""

    AUTOLOGOUS = "autologous"
    DIRECTED = "directed"
    ALLOGENEIC = "allogeneic"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is known of the donor: all screening and testing done, a risk or agent found, agents found reactive."""

    complete: bool = False
    risk: bool = False
    reactive: tuple[str, ...] = ()

    @property
    def is_hazard(self) -> bool:
        """Tell whether the biohazard legend is needed."""
        return self.risk or bool(self.reactive)


@dataclass(frozen=True, slots=True)
class Statement:
    """What has to stand on the label, by which clause."""

    text: str
    clause: str


def of_donor(use: Use, known: Evaluation) -> tuple[Statement, ...]:
    """Give the statements that follow from the donor, in the order of the rule."""
    autologous = use is Use.AUTOLOGOUS
    rows = (
        (autologous, AUTOLOGOUS_ONLY, "21 CFR 1271.90(c)(1)"),
        (not known.complete, NOT_EVALUATED, "21 CFR 1271.90(c)(2)"),
        (not autologous and (not known.complete or known.is_hazard), ADVISE, "21 CFR 1271.90(c)(3)"),
        (known.is_hazard, BIOHAZARD, "21 CFR 1271.90(c)(4)"),
    )
    reactive = (Statement(f"{REACTIVE} {agent.upper()}", "21 CFR 1271.90(c)(5)") for agent in known.reactive)
    return (*(Statement(text, clause) for needed, text, clause in rows if needed), *reactive)


def of_rules(rules: str, lot_type: str) -> tuple[Statement, ...]:
    """Give the statements that follow from whose rules (us, eu, study) a lot of a type is made by."""
    table = {
        ("us", "clinical"): Statement(INVESTIGATIONAL, "21 CFR 312.6(a)"),
        ("us", "commercial"): Statement(RX_ONLY, "21 CFR 610.60(a)(6)"),
        ("eu", "clinical"): Statement(TRIAL_ONLY, "Reg. (EU) 536/2014 Annex VI A.1(i)"),
        ("study", "clinical"): Statement(TRIAL_ONLY, "Reg. (EU) 536/2014 Annex VI A.1(i)"),
    }
    found = table.get((rules, lot_type))
    return (found,) if found else ()


def collection_types(use: Use, known: Evaluation) -> str:
    """Give the collection types (the 6th character of a product code) that fit a donor."""
    match use, known.is_hazard:
        case Use.AUTOLOGOUS, True:
            return "X"
        case Use.AUTOLOGOUS, False:
            return "1A" if known.complete else "1"
        case Use.DIRECTED, True:
            return "3"
        case Use.DIRECTED, False:
            return "24"
    return "V7"


def missing(wanted: Iterable[Statement], printed: Iterable[str]) -> tuple[Statement, ...]:
    """Give the statements that are not printed, wherever the lines of the label are broken."""
    text = " ".join(" ".join(line.split()) for line in printed).upper()
    return tuple(one for one in wanted if one.text not in text)
