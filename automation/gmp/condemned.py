"""Whether quality has decided that a container on QA hold is destroyed: nobody does away with what is looked into.

Source: 21 CFR 211.192 (what is unexplained is investigated), 211.142(a) (quarantine until quality has decided).
"""

from typing import Protocol, cast

from automation.gmp.marks import of_batch, of_subject
from automation.gmp.objects import Site
from automation.kernel.errors import RefusedError


class _Verdict(Protocol):
    """What was proposed for a non-conforming container."""

    disposition: str


class _Nonconformance(Protocol):
    """What is asked of a non-conformance."""

    state: str
    proposal: _Verdict | None


class _Outcome(Protocol):
    """What was decided in a recall."""

    outcome: str


class _Recall(Protocol):
    """What is asked of a recall."""

    decision: _Outcome | None


def check_condemned(site: Site, *, container: str, batch: str, why: str) -> None:
    """Raise RefusedError when a container on QA hold is to be destroyed and quality has decided nothing of the kind."""
    found = site.marked("nonconformance", of_subject(f"container/{container}"))
    about = (cast("_Nonconformance", one) for one in found)
    scrapped = any(one.state in {"decided", "closed"} and _scraps(one.proposal) for one in about)
    recalls = (cast("_Recall", one).decision for one in site.marked("recall", of_batch(batch))) if batch else ()
    if not scrapped and not any(one is not None and one.outcome == "destroy" for one in recalls):
        needed = "quality has to lift it, or to decide by a non-conformance that it is scrapped"
        raise RefusedError(f"container {container} is on QA hold ({why}) and is not destroyed: {needed}")


def _scraps(proposal: _Verdict | None) -> bool:
    return proposal is not None and proposal.disposition == "scrap"
