"""Checks of the computerised system itself: its files, its record, its clock, what it refused, what was restored.

Units:  s; moments in us (UTC).
Source: Annex 11, 4.3 (inventory), 7.2 (restore tested), 9 (audit trail), 12; 21 CFR 11.10(a), (e); gmp 4.
"""

from collections.abc import Mapping
from typing import Final

from automation.ledger.verify import verify
from automation.qualification.asking import Asked, Check, Found


async def ledger(asked: Asked) -> Found:
    """Verify the whole ledger as it stands on the disk, and every kept file against its hash."""
    asked.site.house.ledger.flush()
    found = verify(asked.site.folder)
    bad = found.first_bad
    told = f"{found.events} events, head {found.head}"
    if bad is not None:
        return Found(f"{told}; not intact: event {bad.seq}: {bad.what}", met=False)
    return Found(f"{told}; intact", met=True)


SYSTEM: Final[Mapping[str, Check]] = {
    "ledger": Check("the whole record verified, from its first event", ledger),
}
"""The checks of the system by their names."""
