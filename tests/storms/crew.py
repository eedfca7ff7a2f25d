"""The supervisor of a batch in a storm, and what is read off the devices' own counters."""

from automation.engine.site import Site
from fakes.supervisor import Supervisor
from fakes.witness import counted, done
from tests.support.runs import BATCH

__all__ = ["Crew", "counted", "done"]


class Crew(Supervisor):
    """Answers every hold of the test's batch until patience ends."""

    def __init__(self, site: Site) -> None:
        """Watch a site."""
        super().__init__(site, BATCH)
