"""Rule profiles: what the rules by which a product was ordered decide, each with its clause.

``VERSION`` stands in every release; a profile that changes gets the next one.
Source: each line names its own.
"""

from dataclasses import dataclass

from automation.gmp.product.orders import Profile

VERSION = "1"


@dataclass(frozen=True, slots=True)
class Rules:
    """What one profile decides."""

    name: Profile
    negative_to_date: bool  # whether every test that comes later needs a negative reading before a conditional release
    early_clause: str
    out_of_specification: bool  # whether a physician may ask for a lot that is out of specification
    supply_clause: str

    @property
    def cited(self) -> str:
        """Give the profile with its version, as records cite it."""
        return f"{self.name}@{VERSION}"


RULES = {
    Profile.US: Rules(
        name=Profile.US,
        negative_to_date=True,
        early_clause="21 CFR 610.12 (results before release, but by an approved exception with interim readings)",
        out_of_specification=False,
        supply_clause="21 CFR 211.165(f): what fails its specification is rejected; expanded access is no release",
    ),
    Profile.EU: Rules(
        name=Profile.EU,
        negative_to_date=False,
        early_clause="EU GMP Part IV 11.3 (two-step release)",
        out_of_specification=True,
        supply_clause="EU GMP Part IV 11.53 and 11.54",
    ),
    Profile.STUDY: Rules(
        name=Profile.STUDY,
        negative_to_date=False,
        early_clause="EU GMP Part IV 11.3, the protocol of the study",
        out_of_specification=True,
        supply_clause="EU GMP Part IV 11.54 (the sponsor is told immediately)",
    ),
}
"""The rules of each profile."""


def rules_of(profile: Profile) -> Rules:
    """Give the rules of a profile."""
    return RULES[profile]
