"""How containers, lots, places and parties are named in EPCIS: by GS1 where they have such a number, else as our own.

A GS1 number stands as a canonical Digital Link, which needs no knowledge of how long the maker's prefix is. What has
none stands in the namespace that the site states, else under ``urn:x-cellwright:`` and the id of the ledger: a name
that nobody has registered, unique because the ledger's id is. ISBT 128 numbers stand beside, as they are no URIs.
Source: GS1 CBV 2.0 (identifiers, locations); GS1 Digital Link URI syntax 1.2, 4.11; RFC 3986.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from automation.engine.exchangefile import Partners
from automation.formulas import gs1
from automation.kernel.errors import InputError

GS1 = "https://id.gs1.org"
OWN = "urn:x-cellwright"
_SERIAL, _LOT = ("01", "21"), ("01", "10")


@dataclass(frozen=True, slots=True)
class Naming:
    """Names of one site's things; ``ledger`` is the id of its ledger."""

    ledger: str
    partners: Partners

    @property
    def base(self) -> str:
        """Give what our own names begin with."""
        return self.partners.namespace or f"{OWN}:{self.ledger}:"

    def own(self, kind: str, name: str) -> str:
        """Give our own name of a thing."""
        mark = self.base[-1]
        return f"{self.base}{kind}{mark}{quote(name, safe='')}"

    def container(self, name: str, label: str) -> str:
        """Give the name of one container: by the GS1 number on its label, SGTIN or SSCC, where it has one."""
        found = _number(label)
        return _link(found, _SERIAL) or _link(found, ("00",)) or self.own("container", name)

    def lot(self, name: str, scanned: str) -> str:
        """Give the class of a material lot: by the GTIN and lot on its package, where they were scanned."""
        return _link(_number(scanned), _LOT) or self.own("lot", name)

    def party(self, name: str) -> str:
        """Give the name of a party, by its GLN where the site states one."""
        number = self.partners.locations.get(name)
        return f"{GS1}/417/{number}" if number else self.own("party", name)

    def place(self, name: str) -> str:
        """Give the name of a place, by its GLN where the site states one."""
        number = self.partners.locations.get(name)
        return f"{GS1}/414/{number}" if number else self.own("place", name)


def _number(text: str) -> Mapping[str, str]:
    """Give what a GS1 code says; nothing for another text."""
    try:
        return gs1.read(text) if text else {}
    except InputError:
        return {}


def _link(found: Mapping[str, str], needed: tuple[str, ...]) -> str:
    if not all(one in found for one in needed):
        return ""
    return GS1 + "".join(f"/{one}/{quote(found[one], safe='')}" for one in needed)
