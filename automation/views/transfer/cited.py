"""Batches of another site that a transfer cites, checked against the ledger that they are said to stand in."""

from collections.abc import Collection

from automation.gmp.marks import made_by
from automation.gmp.quality.transfers import Execution, Transfer
from automation.kernel.errors import InputError
from automation.ledger.read import Reader
from automation.views.objects import Objects


def check_cited(reader: Reader, cited: Execution, *, here: str) -> None:
    """Refuse what the ledger does not bear out; ``here`` is the ledger of the transfer.

    Raises InputError for another ledger, for the own one, and for a hash that is no signed head after the batch's end.
    """
    ledger, batch = reader.genesis.ledger, cited.batch
    expected = cited.ledger or here
    if ledger != expected:
        raise InputError(f"batch {batch} is cited of ledger {expected}; this is {ledger}")
    if not cited.ledger:
        return
    if ledger == here:
        raise InputError(f"batch {batch} is cited as made by the sending unit, and was made here")
    last = max((event.seq for event in reader.events(prefix=f"batch/{batch}")), default=0)
    if not any(head.said.hash == cited.head and head.said.seq >= last for head in reader.heads()):
        raise InputError(f"batch {batch} is cited by {cited.head[:12]}, which is no signed head over the whole of it")


def not_counted(reader: Reader, transfer: Transfer, counted: Collection[str]) -> list[tuple[str, str]]:
    """Give the batches of a ledger by the recipe that were not counted, each with its state."""
    mark = made_by(transfer.plan.digest if transfer.plan else "")
    return [(one.id, str(one.state)) for one in Objects(reader).marked("batch", mark) if one.id not in counted]
