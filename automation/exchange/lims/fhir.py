"""The FHIR REST interface of a laboratory's system: a transaction of requests, and a search for the results of one.

What is sent carries our id and is created only if it is not there (conditional create), so that a second sending is
none. Results are asked for test by test, so that one that can't be taken keeps no other back.
Source: HL7 FHIR R5: 3.2.0.7 conditional create, 3.2.0.16 transaction, 3.2.1 search with ``_include``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, cast
from urllib.parse import quote

import msgspec

from automation.exchange.fhir.codes import SAMPLE, TEST, Naming
from automation.exchange.fhir.out import as_entry, service_request, specimen
from automation.exchange.fhir.read import Element, read, shown
from automation.exchange.fhir.types import FHIR_JSON, AnyResource, Bundle, Entry, EntryRequest, as_json, resolved
from automation.exchange.lims.line import in_words
from automation.gmp.objects import Site
from automation.gmp.product.containers import Container
from automation.gmp.product.testing import QcTest
from automation.kernel.clock import iso
from automation.kernel.errors import FailedError, InputError

_TAKEN = ("200", "201")
_STATUS = re.compile(r"[1-5][0-9]{2}(?![0-9])")


class Asks(Protocol):
    """What asks one question of the system."""

    def ask(self, method: str, path: str, *, body: bytes = b"", accept: str) -> bytes:
        """Give the answer."""
        ...


def send(line: Asks, site: Site, naming: Naming, tests: Mapping[str, str]) -> dict[str, str]:
    """Send tests (id to sample) in one transaction; gives what the system said of each.

    Raises FailedError when it took none or not all, and what the line raises.
    """
    whole = transaction(site, naming, tests)
    said = line.ask("POST", "", body=as_json(whole), accept=FHIR_JSON)
    return answers(said, sent=[entry.full_url for entry in whole.entry], tests=list(tests))


def fetch(line: Asks, naming: Naming, test: str) -> bytes:
    """Give the bundle of all results of one test, with their samples; raises what the line raises."""
    which = quote(f"{naming.system(TEST)}|{test}", safe="")
    asked = f"/Observation?based-on.identifier={which}"
    return line.ask("GET", f"{asked}&_include=Observation:specimen&_include=Observation:based-on", accept=FHIR_JSON)


def transaction(site: Site, naming: Naming, tests: Mapping[str, str]) -> Bundle:
    """Give tests and their samples as one transaction; raises InputError for what the site does not have."""
    entries = [*_samples(site, naming, list(dict.fromkeys(tests.values()))), *_requests(site, naming, list(tests))]
    return resolved(Bundle(meta=naming.meta, type="transaction", timestamp=iso(site.now), entry=tuple(entries)))


def _samples(site: Site, naming: Naming, names: Sequence[str]) -> Iterator[Entry]:
    for name in names:
        made = specimen(site, naming, cast("Container", site.find("container", name)))
        yield _once(naming, made, kind=SAMPLE, name=name)


def _requests(site: Site, naming: Naming, names: Sequence[str]) -> Iterator[Entry]:
    for name in names:
        test = site.find("test", name)
        if not isinstance(test, QcTest) or test.request is None:
            raise InputError(f"test {name!r} is not known at this site")
        yield _once(naming, service_request(site, naming, test), kind=TEST, name=name)


def _once(naming: Naming, addressed: tuple[str, AnyResource], *, kind: str, name: str) -> Entry:
    """Give an entry that is created only if none with its identifier is there."""
    made = as_entry(addressed)
    unless = f"identifier={naming.system(kind)}|{name}"
    url = type(made.resource).__struct_config__.tag
    asked = EntryRequest(method="POST", url=str(url), if_none_exist=unless)
    return msgspec.structs.replace(made, request=asked)


def answers(said: bytes, *, sent: Sequence[str], tests: Sequence[str]) -> dict[str, str]:
    """Give what the answer to a transaction says of each test; ``sent`` are its addresses, those of the tests last.

    Raises FailedError for an answer that can't be read, or that does not take everything.
    """
    try:
        statuses = [_status(entry) for entry in read(said).each("entry")]
    except InputError as wrong:
        raise FailedError(f"the answer of the laboratory's system can't be read: {wrong}") from None
    if len(statuses) != len(sent):
        raise FailedError(f"the laboratory's system answered {len(statuses)} of {len(sent)} entries")
    pairs = zip(sent, statuses, strict=True)
    refused = [f"{address}: {status}" for address, status in pairs if not status.startswith(_TAKEN)]
    if refused:
        raise FailedError(f"the laboratory's system did not take {'; '.join(refused)}")
    return dict(zip(tests, statuses[-len(tests) :], strict=True))


def _status(entry: Element) -> str:
    answer = entry.child("response")
    if answer is None:
        raise entry.wrong("response", "is missing")
    status = answer.text("status", needed=True)
    if _STATUS.match(status) is None:
        raise answer.wrong("status", f"is {shown(status)}; a number of three digits is needed")
    return in_words(int(status[:3]))
