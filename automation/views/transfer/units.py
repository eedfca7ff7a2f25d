"""Two sites beside one another for one recipe, and what a gap between them is.

A gap says what differs, what to do about it, and how much it weighs. What the recipe needs and the receiving site has
not blocks; what is done there otherwise changes the process; the rest is told.
Source: WHO TRS 1044 annex 4 (2022), 4 (due diligence and gap analysis); PDA TR 65 (2022).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from automation.engine.recipe.model import Recipe
from automation.engine.recipe.spec import OperationSpec
from automation.engine.sitemodel import SiteFile
from automation.views.objects import Objects


class Severity(StrEnum):
    """How much a gap weighs, the heaviest first."""

    BLOCKS = "blocks"
    CHANGES = "changes the process"
    TELLS = "tells only"


class Topic(StrEnum):
    """What a gap is about."""

    EQUIPMENT = "equipment"
    CAPACITY = "capacity"
    ROOMS = "rooms"
    MATERIALS = "materials"
    PEOPLE = "people"
    DOCUMENTS = "documents"
    RULES = "rules"
    ALARMS = "alarms"
    SITE = "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One difference, in a sentence, with what to do about it."""

    topic: Topic
    severity: Severity
    about: str  # within the topic, for example ``cell washer``
    sentence: str
    remedy: str

    @property
    def id(self) -> str:
        """Give the name under which it is disposed of: the same as long as it is about the same."""
        return f"{self.topic}: {self.about}"


@dataclass(frozen=True, slots=True)
class Unit:
    """One site: as its file states it, and its objects as they stand."""

    file: SiteFile
    objects: Objects

    @property
    def name(self) -> str:
        """Give its name."""
        return self.file.name


@dataclass(frozen=True, slots=True)
class Pair:
    """What is asked: a recipe that one site works by, and another is to."""

    sending: Unit
    receiving: Unit
    recipe: Recipe
    operations: Mapping[str, OperationSpec]

    @property
    def simulated(self) -> bool:
        """Tell whether either site is a simulated one."""
        return self.sending.file.simulated or self.receiving.file.simulated

    @property
    def works(self) -> tuple[str, ...]:
        """Give the operations of the recipe, each once."""
        return tuple(dict.fromkeys(step.operation for step in self.recipe.steps))


def listed(names: Iterable[str], *, most: int = 6) -> str:
    """Write names in a row; of many the first, and how many there are."""
    every = list(dict.fromkeys(names))
    return ", ".join(every) if len(every) <= most else f"{', '.join(every[:most])} and {len(every) - most} more"
