"""A scripted supervisor: each time the batch is held, looks at the devices, says what is true of every doubt, restarts.

Units: s of simulated time.
"""

import asyncio
from collections.abc import Callable, Mapping

from automation.engine.setup import secret_of
from automation.engine.site import Site
from automation.engine.sitemodel import PersonEntry
from automation.gmp.door import Command, Proof
from automation.gmp.objects import Thing
from automation.gmp.words import Meaning, Right
from automation.kernel.errors import InputError, RefusedError
from automation.ledger.event import Event
from fakes.witness import doubts, happened

TERMINAL = "terminal-1"
LOOKS, PATIENCE = 180.0, 12  # s until the supervisor has looked; how often the batch is let go on


def supervisor_of(site: Site) -> PersonEntry:
    """Give the first person of a simulated site who may supervise and perform; raises InputError without one."""
    wanted = {Right.SUPERVISE, Right.PERFORM}
    for one in site.file.people.values():
        if wanted <= frozenset[Right]().union(*(site.file.roles.get(role, frozenset()) for role in one.roles)):
            return one
    raise InputError(f"{site.file.name} has nobody who may supervise and perform", where="people")


class Supervisor:
    """Answers every hold of a batch until patience ends; then the batch is stopped, as people would."""

    def __init__(
        self, site: Site, batch: str, *, looks: float = LOOKS, put_right: Callable[[], object] = lambda: None
    ) -> None:
        """Watch a batch; ``put_right`` is what hands do before a held batch is let go on."""
        self.site = site
        self.batch = batch
        self.rounds = 0
        self.refused: list[str] = []
        self._looks = looks
        self._put_right = put_right
        self._who = supervisor_of(site)
        if site.house.door.find("batch", batch).state == "held":  # already, when the program was opened
            asyncio.get_running_loop().call_later(looks, self._decide)
        site.house.door.follow(self._follow)

    def say(self, stream: str, *, command: str, body: Mapping[str, object], signed: bool = False) -> None:
        """Give a command; what it is refused with is kept in ``refused``."""
        proofs = (Proof(self._who.id, secret_of(self._who), Meaning.RESPONSIBLE),) if signed else ()
        try:
            self.site.house.door.enter(Command(stream, command, body, self._who.id, TERMINAL, proofs))
        except RefusedError as refusal:
            self.refused.append(str(refusal))

    def _follow(self, event: Event, thing: Thing) -> None:
        if event.stream == f"batch/{self.batch}" and event.kind == "done" and thing.state == "held":
            self.rounds += 1
            asyncio.get_running_loop().call_later(self._looks, self._decide)

    def _decide(self) -> None:
        if self.site.house.door.find("batch", self.batch).state != "held":
            return
        stream = f"batch/{self.batch}"
        if self.rounds > PATIENCE:
            self.say(stream, command="stop", body={"reason": "the trouble does not end"})
            return
        self._put_right()
        for step, call in doubts(self.site, self.batch):
            outcome = "done" if happened(self.site, call) else "not done"
            body = {"step": step, "outcome": outcome, "reason": "seen at the device"}
            self.say(stream, command="resolve", body=body, signed=True)
        self.say(stream, command="restart", body={"reason": "looked at, may go on"})
