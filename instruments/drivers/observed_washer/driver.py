"""Cell washer that nobody can talk to: a person works its panel and says what it shows.

Wire:   none. Every act and every look is a question to a person; the run history is a file that a person attaches.
        The driver remembers nothing: where the run stands follows from what was asked and answered in the step.
Units:  mL; parameters are whole numbers in the unit of the washer's protocol.
Source: 21 CFR 211.68(b) (input is checked), 211.188(b)(11) (who performed and who checked); support level L0, because
        there are no bytes that a document or a capture could prove, and no real washer was worked by it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from automation.engine.handles import Container
from automation.engine.prompts import Heard, Question, ask_person, asker
from automation.kernel.errors import InputError, WireError
from automation.kernel.quantity import Seconds
from instruments.drivers.by_person import ByPerson, declared
from instruments.drivers.factory import Factory
from instruments.drivers.washer_history import wire
from instruments.interfaces.cell_washer import (
    Acknowledgement,
    CellWasher,
    Kit,
    ProcessValues,
    RunHistory,
    Waiting,
    WasherState,
    WasherStatus,
    WashProgram,
)
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.transport import Link

APPROVED, DIFFERENT = "as approved", "different"
ENDS = {
    "ended": (WasherState.READY, Waiting.NOTHING),
    "waits: bubble": (WasherState.PAUSED, Waiting.BUBBLE),
    "waits: pressure": (WasherState.PAUSED, Waiting.PRESSURE),
    "paused": (WasherState.PAUSED, Waiting.PAUSED_AT_PANEL),
    "stopped": (WasherState.READY, Waiting.NOTHING),
    "error": (WasherState.ERROR, Waiting.NOTHING),
}
"""What a person can say of a washer that no longer runs, and what it means."""
RUN_WITHIN = Seconds(28_800.0)  # s; longer than any run, so that a running washer is never an unanswered prompt
HISTORIES = ("file", "none")
_STORED = re.compile(r"select the stored protocol '(.+?)'(?: with check sum ([0-9a-f]+))?")


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the run stands, folded from the answers of a step."""

    protocol: str = ""
    checksum: str = ""
    state: WasherState = WasherState.NO_PROTOCOL
    waiting: Waiting = Waiting.NOTHING
    runs: int = 0
    ends: int = 0  # questions for the end of a run that were answered


class ObservedWasher(ByPerson):
    """A ``CellWasher`` behind a person.

    RefusedError: the driver is read-only, or the washer does not stand as it would have to; nobody was asked.
    """

    def __init__(self, name: str, identity: Identity, *, histories: bool, control: bool) -> None:
        """Ask under the name of the asset; ``histories``: it writes a run history that can be attached."""
        super().__init__(name, identity, control=control)
        self._histories = histories

    async def look(self) -> WasherStatus:
        """Give where the run stands; asks once for its end and waits for nobody. Kit, door and step are not told."""
        stand = _stand(asker().heard())
        if stand.state is WasherState.RUNNING:
            text = self._at(f"answer when the washer no longer runs: {', '.join(ENDS)}")
            asked = Question("choose", text, options=tuple(ENDS), within=RUN_WITHIN)
            asker().ask_aside(asked, word="end", number=stand.ends + 1)
        return WasherStatus(
            state=stand.state,
            step=0,
            waiting=stand.waiting,
            kit=Kit.UNKNOWN,
            kit_id="",
            door_closed=None,
            protocol=stand.protocol,
            checksum=stand.checksum,
            runs=stand.runs,
        )

    async def flows(self) -> ProcessValues:
        """Give nothing: volumes come with the run history."""
        return ProcessValues()

    async def prepare(self, *, program: WashProgram) -> None:
        """Let a person select the stored protocol and enter its values, and a second one verify."""
        self._commanding("prepare")
        state = _stand(asker().heard()).state
        if state in {WasherState.RUNNING, WasherState.PAUSED}:
            self._refuse(f"nothing is prepared while the washer is {state}")
        text = f"{_written(program)}\nConfirm when every line at the panel reads the same"
        await self._confirm(f"select the stored protocol {text}", word="prepare", second=True)

    async def prepared(self, *, program: WashProgram) -> WashProgram:
        """Let a person say whether the panel reads as approved; another one has no known parameters."""
        text = f"does the panel read as approved? protocol {_written(program)}"
        answer = await ask_person(Question("choose", self._at(text), options=(APPROVED, DIFFERENT)))
        return program if answer.word("choice") == APPROVED else WashProgram(program.name, "", ())

    async def start(self, *, source: Container, product: Container) -> None:
        """Let a person press start; the moment of the answer is the start of the run."""
        self._commanding("start")
        state = _stand(asker().heard()).state
        if state is not WasherState.READY_TO_START and not asker().already(word="start"):
            self._refuse(f"nothing was prepared since the last run; the washer is {state}")
        text = f"press the washer's start ({source.id} into {product.id}) and confirm at once"
        await self._confirm(text, word="start")

    async def acknowledge(self, *, waiting: Waiting, answer: Acknowledgement, step: int) -> None:
        """Let a person answer the wait at the panel; ``step`` is 0, because the washer does not tell it."""
        self._commanding("acknowledge")
        word, key = ("continue", "continue") if answer is Acknowledgement.CONTINUE else ("skip", "next step")
        now = _stand(asker().heard()).waiting
        if (waiting is Waiting.NOTHING or now is not waiting) and not asker().already(word=word):
            self._refuse(f"the washer does not wait for {waiting} in step {step}, it waits for {now}")
        await self._confirm(f"at the washer's panel press {key}, then confirm", word=word)

    async def pause(self) -> None:
        """Let a person pause the run; what is paused stays so."""
        self._commanding("pause")
        state = _stand(asker().heard()).state
        if state is not WasherState.RUNNING and not asker().already(word="pause"):
            if state is WasherState.PAUSED:
                return
            self._refuse(f"nothing can be paused; the washer is {state}")
        await self._confirm("at the washer's panel press pause, then confirm", word="pause")

    async def skip(self, *, step: int) -> None:
        """Let a person go on with the next step; ``step`` is 0, because the washer does not tell it."""
        self._commanding("skip")
        state = _stand(asker().heard()).state
        if state not in {WasherState.RUNNING, WasherState.PAUSED} and not asker().already(word="skip"):
            self._refuse(f"step {step} can't be skipped; the washer is {state}")
        await self._confirm("at the washer's panel press next step, then confirm", word="skip")

    async def history(self) -> RunHistory | None:
        """Let a person attach the run history until it can be read; None when the site declares that there is none."""
        number = _stand(asker().heard()).ends + 1
        asker().take_back(word="end", number=number, reason="the run history is asked for")
        if not self._histories:
            return None
        trouble = ""
        while True:
            answer = await ask_person(Question("attach", self._at(f"{trouble}attach the run history of this run")))
            try:
                return wire.read(asker().file(answer))
            except (InputError, WireError) as wrong:
                trouble = f"the file was not taken ({wrong}); "


def _written(program: WashProgram) -> str:
    """Write a program as a person compares it, one line a value."""
    check = f" with check sum {program.checksum}" if program.checksum else ""
    return "\n".join((f"{program.name!r}{check}:", *(f"{p.name}: {p.value}" for p in program.parameters)))


def _stand(heard: tuple[Heard, ...]) -> Stand:
    """Fold what was asked and answered in a step."""
    stand = Stand()
    for one in heard:
        match one.word:
            case "prepare":
                found = _STORED.search(one.text)
                name, check = (found[1], found[2] or "") if found else ("", "")
                stand = Stand(name, check, WasherState.READY_TO_START, runs=stand.runs, ends=stand.ends)
            case "start":
                stand = replace(stand, state=WasherState.RUNNING, runs=stand.runs + 1)
            case "end":
                state, waiting = ENDS[one.answer.word("choice")]
                stand = replace(stand, state=state, waiting=waiting, ends=stand.ends + 1)
            case "pause":
                stand = replace(stand, state=WasherState.PAUSED, waiting=Waiting.PAUSED_BY_PROGRAM)
            case "continue" | "skip":
                stand = replace(stand, state=WasherState.RUNNING, waiting=Waiting.NOTHING)
    return stand


def build(link: Link, given: Mapping[str, str], *, control: bool) -> ObservedWasher:
    """Build the driver; of the link only the name is used. Raises InputError for a setting that is not allowed."""
    FACTORY.check(given)
    history = given.get("history", HISTORIES[0])
    if history not in HISTORIES:
        raise InputError(f"history is {history!r}; allowed: {', '.join(HISTORIES)}", where="history")
    return ObservedWasher(link.name, declared(given), histories=history == HISTORIES[0], control=control)


FACTORY = Factory(
    build=build,
    interface=CellWasher,
    support=Support(
        kind=DriverKind.OBSERVED,
        level=SupportLevel.L0,
        on_host_loss=OnHostLoss.CONTINUES,
        source="no bytes: a person works the panel; a run history is a file that is hashed",
    ),
    transports=(),
    settings={
        "maker": "maker on the washer's label; declared",
        "model": "model on the label; declared; a recipe approves a protocol for it",
        "serial": "serial number on the label; declared",
        "firmware": "firmware that the washer shows; declared",
        "history": "file: a run history is attached after each run (unless said); none: the washer writes none",
    },
)
