"""A tube sealer that nobody can talk to: a person seals, and two look at the seals.

Wire:   none. The driver remembers nothing: what was sealed follows from what was answered in the step.
Units:  none.
Source: 21 CFR 211.68(b), 211.188(b)(11); Annex 11 6; support level L0, because there are no bytes that a document or a
        capture could prove.
"""

from automation.engine.handles import Container
from automation.engine.prompts import asker
from instruments.drivers import joints_by_person as joints
from instruments.drivers.by_person import ByPerson, manual
from instruments.interfaces.tube_joints import JoinerStatus, Joint, TubeSealer

MOST = 10  # seals on one tube


class ManualSealer(ByPerson):
    """A ``TubeSealer`` at which a person works.

    RefusedError: the driver is read-only, or so many seals are made on no tube; nobody was asked.
    """

    async def look(self) -> JoinerStatus:
        """Give what was sealed in this step."""
        return joints.status(asker().heard())

    async def seal(self, *, container: Container, seals: int) -> Joint:
        """Let a person make the seals, and two persons look at them."""
        self._commanding("a seal")
        if not 1 <= seals <= MOST:
            self._refuse(f"{seals} seals are asked for; 1 to {MOST} are made on one tube")
        return await joints.made_and_seen(
            self._at(f"make {seals} seals on the tube of {container.id}, and say how it ended"),
            self._at(f"look at the {seals} seals of {container.id}, test them as prescribed, and say what you see"),
        )


FACTORY = manual(ManualSealer, TubeSealer, device="sealer", how="a person seals and enters")
