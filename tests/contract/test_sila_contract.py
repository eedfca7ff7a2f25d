"""SiLA 2 on sockets: our client and our server, each against another implementation (sila2), and encrypted.

Units: degC, %, s. The servers stand here for all tests of this module, because they take longer to start than to use.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sila2.client import SilaClient
from sila2.framework import SilaError

from automation.kernel.clock import SystemClock
from automation.kernel.errors import InputError, LinkError, RefusedError, WireError
from automation.kernel.quantity import Celsius, Percent, Seconds
from fakes.in_loop import free_port
from fakes.lads_freezer import LadsFreezer
from fakes.physics.programmer import Sequence, Step
from fakes.plant import PlantLog
from fakes.serve import Seat, rebuild
from fakes.sila_incubator import FakeSilaIncubator
from fakes.sila_server import in_thread, shown
from fakes.world import World
from instruments.drivers.sila_incubator.driver import FACTORY, SilaIncubator
from instruments.interfaces.incubator import SetPoints
from instruments.transport import Link
from instruments.transport.nodes import NodePort
from instruments.transport.ports import open_stream
from instruments.transport.sila import SilaStream
from instruments.transport.sila_site import Access
from tests.support.sila_servers import FOREIGN, UUID, Warmth, theirs

pytestmark = pytest.mark.requirement("F103.4", "C06", "C07")

Work = Callable[[SilaIncubator], Coroutine[object, object, None]]
WARM = SetPoints(Celsius(36.5), Percent(6.0))
CLIMATE = "cellwright/fakes/IncubatorFakeClimate/v1"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeSilaIncubator, str, Path]]:
    """Serve our incubator; gives the fake, its port and the plant's log."""
    log = tmp_path_factory.mktemp("sila") / "plant.log"
    fake = FakeSilaIncubator(World(1), "incubator")
    with in_thread(Seat(fake, SystemClock(), "incubator", PlantLog(log))) as (_, port):
        yield fake, port, log


@pytest.fixture(scope="module")
def foreign() -> Iterator[tuple[Warmth, str]]:
    """Serve a feature with another implementation."""
    with theirs() as served:
        yield served


def on(port: str, work: Work, *, given: str = "cellwright_fake", control: bool = True) -> None:
    """Do work with our driver at a port."""

    async def main() -> None:
        link = Link(open_stream(port), name="incubator")
        driver = FACTORY.build(link, {"map": given}, control=control)
        assert isinstance(driver, SilaIncubator)
        await link.open()
        try:
            await work(driver)
        finally:
            await link.close()

    asyncio.run(main())


def client(port: str) -> Any:  # noqa: ANN401  it makes its attributes of what the server tells
    """Connect the other implementation's client."""
    host, number = port.removeprefix("sila:").split(":")
    return SilaClient(host, int(number), insecure=True)


def test_an_incubator_is_read_and_set_by_the_features_of_a_map(ours: tuple[FakeSilaIncubator, str, Path]) -> None:
    """Identity from the SiLA service; the climate with a broken sensor as none; what is set is read back."""
    fake, port, _ = ours

    async def work(driver: SilaIncubator) -> None:
        who = await driver.identify()
        assert (who.maker, who.model, who.firmware) == ("Cellwright", "IncubatorFake", "1.2")
        await driver.keep(set_points=WARM)
        assert await driver.set_points() == WARM
        fake._broken.add("co2")  # noqa: SLF001  as a hand does, in the server's own thread
        seen = await driver.climate()
        fake._broken.discard("co2")  # noqa: SLF001  as above
        assert (seen.co2, seen.oxygen, seen.temperature is not None) == (None, None, True)

    on(port, work)


@pytest.mark.requirement("F103.4", refuses=True)
def test_what_the_map_or_the_server_does_not_allow_changes_nothing(
    ours: tuple[FakeSilaIncubator, str, Path], tmp_path: Path
) -> None:
    """Beyond the map's range nothing is sent; beyond the device's it is the server that refuses."""
    fake, port, _ = ours
    wide = tmp_path / "wide.yaml"
    shipped = Path("instruments/drivers/sila_incubator/maps/cellwright_fake.yaml").read_text(encoding="utf-8")
    wide.write_text(shipped.replace("range: [20, 50]", "range: [20, 90]"), encoding="utf-8")
    kept, acts = dict(fake.kept), dict(fake.acts)

    async def beyond(driver: SilaIncubator) -> None:
        with pytest.raises(RefusedError, match="20 to 50"):
            await driver.keep(set_points=SetPoints(Celsius(60.0)))

    async def hot(driver: SilaIncubator) -> None:
        with pytest.raises(RefusedError, match="ValidationError"):
            await driver.keep(set_points=SetPoints(Celsius(60.0)))

    async def no_control(driver: SilaIncubator) -> None:
        with pytest.raises(RefusedError, match="needs control"):
            await driver.keep(set_points=WARM)

    on(port, beyond)
    on(port, hot, given=str(wide))
    on(port, no_control, control=False)
    assert (dict(fake.kept), dict(fake.acts)) == (kept, acts)


def test_their_client_knows_our_fake_by_its_service_and_drives_it(ours: tuple[FakeSilaIncubator, str, Path]) -> None:
    """Features and definitions are read by it; what it set comes back from the plant's log; its slip is refused."""
    fake, port, log = ours
    them = client(port)
    service = them.SiLAService
    assert service.ServerType.get() == "IncubatorFake"
    assert CLIMATE in service.ImplementedFeatures.get()
    assert 'Originator="cellwright" Category="fakes"' in service.GetFeatureDefinition(CLIMATE).FeatureDefinition
    climate = them.IncubatorFakeClimate
    climate.SetTemperature(Target=38.5)
    assert climate.TemperatureTarget.get() == 38.5
    assert climate.Temperature.get() == pytest.approx(38.5, abs=3.0)
    with pytest.raises(SilaError, match="20 to 50"):
        climate.SetTemperature(Target=99.0)
    again = FakeSilaIncubator(World(1), "incubator")
    rebuild(again, log, name="incubator")
    assert again.kept == fake.kept


def test_their_client_starts_and_follows_a_program_of_a_fake_that_speaks_something_else() -> None:
    """Accepted when it runs, a second one is not accepted; its execution is over when the unit no longer runs."""
    fake = LadsFreezer(World(1), "freezer")
    fake.stored = Sequence((Step(4.0), Step(None, seconds=3600)))
    with in_thread(Seat(fake, SystemClock(), "freezer")) as (_, port):
        chamber = client(port).LADSFreezerFakeChamber
        execution = chamber.StartProgram(Template="Freezing", Job="B-1", Task="freeze")
        assert (chamber.State.get(), chamber.Activity.get()) == ("Running", "Execute")
        with pytest.raises(SilaError, match="BadInvalidState"):
            chamber.StartProgram(Template="Freezing", Job="B-1", Task="freeze")
        chamber.Stop()
        while not execution.done:  # it is told by the server, which looks four times a second
            chamber.State.get()
        assert execution.get_responses().Run == "R1"
    assert fake.acts["start"] == 1


def test_our_client_binds_a_feature_of_another_implementation_without_code(foreign: tuple[Warmth, str]) -> None:
    """Its kelvins are our degrees; the door is yes and no; what is set is read back."""
    warmth, port = foreign

    async def work(driver: SilaIncubator) -> None:
        who = await driver.identify()
        assert (who.maker, who.model, who.serial) == ("Example Instruments", "WarmBlock", UUID)
        await driver.keep(set_points=SetPoints(Celsius(42.0)))
        seen = await driver.climate()
        assert seen.temperature == pytest.approx(42.0)
        assert seen.door_open is False

    on(port, work, given=str(FOREIGN / "warm_block.yaml"))
    assert warmth.kept == pytest.approx(315.15)


@pytest.mark.requirement("F103.4", refuses=True)
def test_a_refusal_and_an_error_of_an_execution_are_told_apart(foreign: tuple[Warmth, str]) -> None:
    """What is not valid was not done; what failed on the way may have been: it is neither done nor refused."""
    warmth, port = foreign

    async def work(driver: SilaIncubator) -> None:
        with pytest.raises(RefusedError, match="ValidationError"):
            await driver.keep(set_points=SetPoints(Celsius(120.0)))
        warmth.fails = True
        with pytest.raises(WireError, match=r"neither done nor refused .*burnt through"):
            await driver.keep(set_points=SetPoints(Celsius(30.0)))
        warmth.fails = False

    on(port, work, given=str(FOREIGN / "warm_block.yaml"))
    assert warmth.kept == pytest.approx(303.15)


@pytest.mark.requirement("F103.4", refuses=True)
def test_a_property_in_another_unit_than_the_map_says_is_no_value(foreign: tuple[Warmth, str], tmp_path: Path) -> None:
    """The label of its unit constraint decides, not the map."""
    _, port = foreign
    wrong = tmp_path / "wrong.yaml"
    text = (FOREIGN / "warm_block.yaml").read_text(encoding="utf-8")
    wrong.write_text(text.replace("unit: K", "unit: degC"), encoding="utf-8")

    async def work(driver: SilaIncubator) -> None:
        with pytest.raises(WireError, match="is in 'K'; the map takes it in degC"):
            await driver.climate()

    on(port, work, given=str(wrong))


def test_what_a_server_does_not_have_is_told(foreign: tuple[Warmth, str]) -> None:
    """Properties and commands of features that it does not implement, writing, and parameters that are none."""
    _, port = foreign

    async def main() -> None:
        link = Link(open_stream(port), name="block")
        await link.open()
        block = NodePort(link)
        assert "DoorOpen" in await block.browse("com.example/heating/WarmBlock/v1")
        missing = "com.example/heating/WarmBlock/v1/Property/Colour"
        assert (await block.read(missing, "no identifier")).status == dict.fromkeys(
            (missing, "no identifier"), "NotImplemented"
        )
        for refused in (
            block.browse("com.example/heating/Other/v1"),
            block.call("com.example/heating/WarmBlock/v1/Command/Cool", "{}"),
            block.call("com.example/heating/WarmBlock/v1/Command/SetTargetTemperature", json.dumps({"Heat": 1.0})),
            block.write(missing, 1.0),
        ):
            with pytest.raises(RefusedError):
                await refused
        await link.close()

    asyncio.run(main())


def test_a_server_that_goes_away_is_a_lost_link() -> None:
    """Nobody knows what became of what was asked; a server that is not there can't be reached."""
    fake = FakeSilaIncubator(World(1), "incubator")

    async def main() -> None:
        server = shown(Seat(fake, SystemClock(), "incubator")).server(port := free_port())
        await server.start()
        link = Link(open_stream(f"sila:127.0.0.1:{port}"), name="incubator")
        await link.open()
        driver = FACTORY.build(link, {"map": "cellwright_fake"}, control=True)
        assert isinstance(driver, SilaIncubator)
        await driver.set_points()
        await server.stop()
        with pytest.raises(LinkError):
            await driver.set_points()
        await link.close()

    asyncio.run(main())


@pytest.mark.requirement("F103.4", refuses=True)
def test_another_host_is_spoken_to_with_its_certificate_only(tmp_path: Path) -> None:
    """Encrypted with the one that the site names; with another one nothing is asked; in the clear nothing at all."""
    first, second = _certificate(tmp_path, "first"), _certificate(tmp_path, "second")

    async def main() -> None:
        stream = SilaStream("192.0.2.1", 50052)
        with pytest.raises(InputError, match="another host"):
            await stream.open()
        server = shown(Seat(FakeSilaIncubator(World(1), "incubator"), SystemClock(), "incubator")).server(
            port := free_port()
        )
        config = server._config  # noqa: SLF001  our own server is on loopback and never encrypted
        config.tls, config.certificate_chain, config.private_key = True, first.read_bytes(), _key(first).read_bytes()
        await server.start()
        good = SilaStream("127.0.0.1", port)
        good.access = Access(root_certificates=str(first), server_name="SiLA2")
        link = Link(good, name="incubator")
        await link.open()
        assert (await NodePort(link).browse(CLIMATE))[0] == "State"
        await link.close()
        bad = SilaStream("127.0.0.1", port, within=Seconds(0.3))
        bad.access = Access(root_certificates=str(second), server_name="SiLA2")
        with pytest.raises(LinkError, match="can't be reached"):
            await bad.open()
        await server.stop()

    asyncio.run(main())


def _key(certificate: Path) -> Path:
    return certificate.with_suffix(".key")


def _certificate(folder: Path, name: str) -> Path:
    """Write a self-signed certificate for a server that calls itself SiLA2, and its key beside it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime(2026, 1, 1, tzinfo=UTC)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SiLA2")])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("SiLA2")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    encoding, form, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    _key(path).write_bytes(key.private_bytes(encoding, form, plain))
    return path
