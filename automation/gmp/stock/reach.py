"""How far a lot of material reached, and what follows when it turns out unfit: every lot made of it, every batch.

Source: 21 CFR 211.192 (an investigation extends to other batches), 211.165(a); EU GMP chapter 8, 8.11.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol, cast

from automation.gmp.marks import made_of
from automation.gmp.objects import Fact, Follow, Next, Site, Thing
from automation.gmp.stock import stated
from automation.gmp.stock.amounts import Balance
from automation.gmp.words import Reason

_FOUND = {"evaluate": "unfit", "withdraw": "withdrawn", "reject": "rejected"}


class _Lot(Protocol):
    """What is asked of a lot."""

    id: str
    state: str

    @property
    def balances(self) -> Sequence[Balance]: ...


def made_from(site: Site, lot: str) -> Iterator[_Lot]:
    """Give every lot that was prepared of a lot, directly or through others, each once, the nearest first."""
    known, waiting = {lot}, [lot]
    while waiting:
        for made in site.marked("lot", made_of(waiting.pop(0))):
            if made.id not in known:
                known.add(made.id)
                waiting.append(made.id)
                yield cast("_Lot", made)


def _is_fit(fact: Fact) -> bool:
    return isinstance(fact.body, stated.Evaluation) and fact.body.verdict is stated.Verdict.FIT


def _take_back(lot: Thing, fact: Fact, site: Site) -> Iterator[Next]:
    if _is_fit(fact):
        return
    why = f": {fact.body.reason}" if isinstance(fact.body, Reason) else ""
    for made in made_from(site, lot.id):
        if made.state == "released":
            yield Next(f"lot/{made.id}", "quarantine", {"reason": f"made of lot {lot.id}, {_FOUND[fact.kind]}{why}"})


def _ask_batches(thing: Thing, fact: Fact, site: Site) -> Iterator[Next]:
    """Hold every batch that got some of a lot that was found unfit, each with its deviation."""
    if _is_fit(fact):
        return
    lots = (cast("_Lot", thing), *made_from(site, thing.id))
    for batch in dict.fromkeys(one.batch for lot in lots for one in lot.balances):
        why = f"made with lot {thing.id}, {_FOUND[fact.kind]}"
        deviation = f"{thing.id}-{batch}-D{fact.version:02d}"
        yield Next(f"deviation/{deviation}", "open", {"subject": f"lot/{thing.id}", "title": why, "batch": batch})
        hold = {"batch": batch, "reason": why, "deviation": deviation}
        yield Next(f"qa-hold/{thing.id}-{batch}-H{fact.version:02d}", "place", hold)


_CLAUSE = "21 CFR 211.192"
FOLLOWS = (
    Follow("lot-withdrawn", "withdraw", "what was made of it goes into quarantine", _CLAUSE, _take_back),
    Follow("lot-withdrawn-batches", "withdraw", "batches that got it are held and investigated", _CLAUSE, _ask_batches),
    Follow("lot-rejected", "reject", "so does what was made of one that is rejected later", _CLAUSE, _take_back),
    Follow("lot-rejected-batches", "reject", "so are the batches that got it before", _CLAUSE, _ask_batches),
    Follow("lot-unfit", "evaluate", "so does what was made of one that is unfit", _CLAUSE, _take_back),
    Follow("lot-unfit-batches", "evaluate", "so are they when it is unfit", _CLAUSE, _ask_batches),
)
