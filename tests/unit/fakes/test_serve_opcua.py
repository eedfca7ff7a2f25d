"""A fake as an OPC UA server of this machine, from the command line's own function, and back from its log."""

from pathlib import Path

import pytest
from asyncua import ua
from asyncua.sync import Client

from automation.kernel.clock import MICRO, SystemClock
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant
from fakes.offering import Offer, run
from fakes.opcua import in_thread
from fakes.plant import PlantLog
from fakes.rotea import WASH, FakeRotea
from fakes.serve import Seat, rebuild
from fakes.world import World

pytestmark = pytest.mark.requirement("C07")


def test_a_client_reads_what_hands_did_and_what_it_wrote_comes_back_from_the_log(tmp_path: Path) -> None:
    """A hand selects, the client sees it and sets a parameter; a new process would go on from there."""
    log = PlantLog(tmp_path / "plant.log")
    fake = FakeRotea(World(1), "rotea")
    told: list[str] = []
    with in_thread(fake, Seat(fake, SystemClock(), "rotea", log, told.append)) as (hands, port):
        hands.hand("select", protocol=WASH)
        hands.hand("kick")
        with Client(port.removeprefix("opcua:")) as client:
            device = client.nodes.objects.get_child(f"{client.get_namespace_index('urn:cellwright:fakes')}:rotea")
            found = {node.read_browse_name().Name: node for node in device.get_children()}
            assert found["ProtocolName"].read_value() == WASH
            found["SetParameter1"].write_value(ua.Variant(300, ua.VariantType.Int32))
    log.close()
    again = FakeRotea(World(1), "rotea")
    last = rebuild(again, tmp_path / "plant.log", name="rotea")
    values = again.values(Instant(last / MICRO))
    assert (values["ProtocolName"], values["SetParameter1"]) == (WASH, 300)
    assert [text.partition(" ")[0] for text in told] == ["kick"]


def test_a_fake_without_nodes_is_not_served_over_opc_ua() -> None:
    """It is refused by name, before anything is opened."""
    with pytest.raises(InputError, match="mt_sics"):
        run(Offer(model="mt_sics", opcua=0), announce=print)
