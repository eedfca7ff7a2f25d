"""A sterile welder that nobody can talk to: its wafer is scanned, a person welds, and two look at the weld.

Wire:   none. The driver remembers nothing: what was welded follows from what was answered in the step.
Units:  none.
Source: 21 CFR 211.68(b), 211.188(b)(11); Annex 11 6; support level L0, because there are no bytes that a document or a
        capture could prove.
"""

from dataclasses import replace

from automation.engine.handles import Container, Lot
from automation.engine.prompts import Question, ask_person, asker
from automation.formulas.identifiers import Kind
from instruments.drivers import joints_by_person as joints
from instruments.drivers.by_person import ByPerson, manual
from instruments.interfaces.tube_joints import JoinerStatus, Joint, SterileWelder


class ManualWelder(ByPerson):
    """A ``SterileWelder`` at which a person works; RefusedError: the driver is read-only, and nobody was asked."""

    async def look(self) -> JoinerStatus:
        """Give what was welded in this step."""
        return joints.status(asker().heard())

    async def weld(self, *, source: Container, dest: Container, kit: Lot) -> Joint:
        """Let a person scan the wafers' box and weld, and two persons look at the weld."""
        self._commanding("a weld")
        scan = self._at(f"scan the box of the wafer for the weld of {source.id} and {dest.id}")
        scanned = await ask_person(Question("scan", scan, accept=(kit.id,), expects=Kind.LOT), word="kit")
        made = await joints.made_and_seen(
            self._at(f"weld the tubes of {source.id} and {dest.id}, and say how it ended"),
            self._at(f"look at the weld of {source.id} and {dest.id}, test it as prescribed, and say what you see"),
        )
        return replace(made, kit=scanned.word("code"))


FACTORY = manual(ManualWelder, SterileWelder, device="welder", how="a person welds and enters")
