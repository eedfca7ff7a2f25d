"""Washing by a person with a centrifuge: each step is one question, volumes are entered and verified by a second one.

Wire:   none. The driver remembers nothing: where the work stands follows from what was asked and answered in the step.
Units:  mL, g (times gravity), min.
Source: 21 CFR 211.101(c)-(d), 211.188(b)(11) (who performed, who checked); Annex 11 6 (second check of critical
        entries); support level L0, because there are no bytes that a document or a capture could prove.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from automation.engine.handles import Container
from automation.engine.prompts import Heard, asker
from automation.kernel.quantity import Millilitres
from instruments.drivers.by_person import ByPerson, manual
from instruments.drivers.manual_washer import program as programs
from instruments.drivers.manual_washer.program import Bags
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

_BAGS = re.compile(r"begin with (\S+) into (\S+)")
_EMPTY = WashProgram("", "", ())


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the work stands, folded from the answers of a step."""

    program: WashProgram = _EMPTY
    bags: Bags = Bags()  # noqa: RUF009  a frozen value
    started: bool = False
    runs: int = 0
    done: int = 0  # steps
    asked: int = 0  # questions for a step that were answered or taken back
    waiting: Waiting = Waiting.NOTHING
    volumes: Mapping[str, float] = field(default_factory=dict)

    @property
    def state(self) -> WasherState:
        """Give the state of the work in the words of a washer."""
        if not self.program.name:
            return WasherState.NO_PROTOCOL
        if not self.started:
            return WasherState.READY_TO_START
        if self.done >= programs.steps(self.program):
            return WasherState.READY
        return WasherState.RUNNING if self.waiting is Waiting.NOTHING else WasherState.PAUSED

    @property
    def step(self) -> int:
        """Give the number of the step that is worked on; 0 when none is."""
        return self.done + 1 if self.state in {WasherState.RUNNING, WasherState.PAUSED} else 0


class ManualWasher(ByPerson):
    """A ``CellWasher`` that is a person with a centrifuge.

    RefusedError: the driver is read-only, or a program that can't be done by hand; nobody was asked.
    """

    async def look(self) -> WasherStatus:
        """Give where the work stands; asks once for the step that is worked on and waits for nobody."""
        stand = _stand(asker().heard())
        if stand.state is WasherState.RUNNING:
            asked = programs.question(stand.program, stand.step, stand.bags, at=f"At {self._name}")
            asker().ask_aside(asked, word="phase", number=stand.asked + 1)
        return WasherStatus(
            state=stand.state,
            step=stand.step,
            waiting=stand.waiting,
            kit=Kit.UNKNOWN,
            kit_id="",
            door_closed=None,
            protocol=stand.program.name,
            runs=stand.runs,
        )

    async def flows(self) -> ProcessValues:
        """Give the volumes as entered so far; nobody knows them while the first step is worked on."""
        stand = _stand(asker().heard())
        if not stand.started:
            return ProcessValues(processed=Millilitres(0.0))
        known = {word: Millilitres(value) for word, value in stand.volumes.items()}
        processed, washed = known.get("processed"), known.get("washed")
        return ProcessValues(processed, washed, known.get("collected"), known.get("wasted"))

    async def prepare(self, *, program: WashProgram) -> None:
        """Let a person make everything ready and compare the program, and a second one verify."""
        self._commanding("prepare")
        programs.check(program)
        state = _stand(asker().heard()).state
        if state in {WasherState.RUNNING, WasherState.PAUSED}:
            self._refuse(f"nothing is made ready while the work is {state}")
        text = f"make ready for the {programs.written(program)}\nConfirm when every line is as on the worksheet"
        await self._confirm(text, word="prepare", second=True)

    async def prepared(self, *, program: WashProgram) -> WashProgram:
        """Give the program that two persons have compared last, in the order and units of ``program``."""
        known = {p.name: p.value for p in _stand(asker().heard()).program.parameters}
        seen = tuple(replace(p, value=known[p.name]) for p in program.parameters if p.name in known)
        return WashProgram(_stand(asker().heard()).program.name, "", seen)

    async def start(self, *, source: Container, product: Container) -> None:
        """Let a person begin."""
        self._commanding("start")
        state = _stand(asker().heard()).state
        if state is not WasherState.READY_TO_START and not asker().already(word="start"):
            self._refuse(f"nothing was made ready since the last wash; the work is {state}")
        await self._confirm(f"begin with {source.id} into {product.id} and confirm at once", word="start")

    async def acknowledge(self, *, waiting: Waiting, answer: Acknowledgement, step: int) -> None:
        """Let a person go on with the step that was left, or with the next one."""
        self._commanding("acknowledge")
        goes_on = answer is Acknowledgement.CONTINUE
        stand = _stand(asker().heard())
        waits = waiting is not Waiting.NOTHING and (stand.waiting, stand.step) == (waiting, step)
        if not waits and not asker().already(word="continue" if goes_on else "skip"):
            self._refuse(f"the work does not wait for {waiting} in step {step} ({stand.waiting}, step {stand.step})")
        if goes_on:
            await self._confirm(f"go on with step {step}, then confirm", word="continue")
        else:
            await self._leave(step)

    async def pause(self) -> None:
        """Let a person interrupt the work where the cells are safe; what is paused stays so."""
        self._commanding("pause")
        state = _stand(asker().heard()).state
        if state is not WasherState.RUNNING and not asker().already(word="pause"):
            if state is WasherState.PAUSED:
                return
            self._refuse(f"nothing can be paused; the work is {state}")
        await self._confirm("interrupt the work where the cells are safe, then confirm", word="pause")

    async def skip(self, *, step: int) -> None:
        """Let a person leave a step and go on with the next."""
        self._commanding("skip")
        stand = _stand(asker().heard())
        if (not step or stand.step != step) and not asker().already(word="skip"):
            self._refuse(f"step {step} can't be left; the work is {stand.state}, step {stand.step}")
        await self._leave(step)

    async def history(self) -> RunHistory | None:
        """Give None: nobody but the record of the step tells of a wash by hand."""
        return None

    async def _leave(self, step: int) -> None:
        """Take back the question for a step, once, and let a person leave the step."""
        if not asker().already(word="skip"):
            number = _stand(asker().heard()).asked + 1
            asker().take_back(word="phase", number=number, reason=f"step {step} is left")
        await self._confirm(f"leave step {step} and go on with the next, then confirm", word="skip")


def _stand(heard: tuple[Heard, ...]) -> Stand:
    """Fold what was asked and answered in a step."""
    stand = Stand()
    for one in heard:
        match one.word:
            case "prepare":
                stand = Stand(programs.read(one.text), runs=stand.runs, asked=stand.asked)
            case "start":
                bags = _BAGS.search(one.text)
                named = Bags(*bags.groups()) if bags else Bags()
                stand = replace(stand, started=True, runs=stand.runs + 1, bags=named)
            case "phase":
                stand = _worked(stand, one)
            case "pause":
                stand = replace(stand, waiting=Waiting.PAUSED_BY_PROGRAM)
            case "continue":
                stand = replace(stand, waiting=Waiting.NOTHING)
            case "skip":
                stand = replace(stand, waiting=Waiting.NOTHING, done=stand.done + 1, asked=stand.asked + 1)
    return stand


def _worked(stand: Stand, one: Heard) -> Stand:
    """Count a step and its volumes; one that was stopped waits for a decision."""
    volumes = dict(stand.volumes)
    for name in programs.LABELS:
        if name in one.answer.values:
            volumes[name] = volumes.get(name, 0.0) + one.answer.number(name)
    if one.answer.word("went") == programs.DONE:
        return replace(stand, done=stand.done + 1, asked=stand.asked + 1, volumes=volumes)
    return replace(stand, waiting=Waiting.PAUSED_AT_PANEL, asked=stand.asked + 1, volumes=volumes)


FACTORY = manual(ManualWasher, CellWasher, device="centrifuge", how="a person washes with a centrifuge and enters")
