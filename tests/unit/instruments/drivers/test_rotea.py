"""The Rotea's faults one by one: what the driver says, what the washer did, and what is never done twice; units s."""

import asyncio
from pathlib import Path

import pytest

from automation.kernel.effect import Call, Done, NotDone, Unknown
from automation.kernel.errors import FailedError, InputError, LinkError, RefusedError, UnknownError, WireError
from automation.kernel.quantity import Instant, Seconds
from fakes.faults import FaultKind
from fakes.plant import PlantLog
from fakes.rotea import WASH, FakeRotea
from fakes.serve import rebuild
from instruments.drivers.rotea.driver import build
from instruments.drivers.rotea.files import Histories
from instruments.drivers.washer_history import wire as history_wire
from instruments.interfaces.cell_washer import Acknowledgement, Kit, ProcessValues, RunHistory, Waiting, WasherState
from instruments.transport import Link, MemoryStream
from tests.support.washers import (
    BUFFER,
    NAME,
    PAUSE,
    PRODUCT,
    SOURCE,
    VALUES,
    Bench,
    Wish,
    furnished,
    on_bench,
    program,
)

pytestmark = pytest.mark.requirement("F016", "F031", "C04", "C07")

CONTINUE, SKIP = Acknowledgement.CONTINUE, Acknowledgement.SKIP


def acknowledge(waiting: Waiting, answer: Acknowledgement, step: int) -> Call:
    """Give an open acknowledgement."""
    return Call(NAME, "acknowledge", {"waiting": waiting, "answer": answer, "step": step})


# Kit, protocol, door


def test_a_kit_that_was_used_before_is_not_valid() -> None:
    """The washer knows it by its id, whoever puts it in again."""

    async def work(bench: Bench) -> None:
        await bench.running()
        await bench.until(WasherState.READY)
        bench.hand("kit", id="KIT-1")
        assert (await bench.washer.look()).kit is Kit.NOT_VALID
        with pytest.raises(RefusedError, match="kit KIT-1 is not valid"):
            await bench.prepared()
        bench.hand("kit", id="KIT-2", used=True)
        assert (await bench.washer.look()).kit is Kit.NOT_VALID

    on_bench(Wish(), work)


def test_a_used_kit_that_was_never_taken_out_washes_nothing_more() -> None:
    """The washer itself refuses to send a protocol to it."""

    async def work(bench: Bench) -> None:
        await bench.running()
        await bench.until(WasherState.READY)
        with pytest.raises(RefusedError, match="kit KIT-1 was used"):
            await bench.prepared(200, *VALUES[1:])

    on_bench(Wish(), work)


def test_without_a_kit_nothing_is_prepared() -> None:
    """Nothing is in: the refusal says so."""

    async def work(bench: Bench) -> None:
        bench.hand("select", protocol=WASH)
        with pytest.raises(RefusedError, match="kit without id is not loaded"):
            await bench.prepared()

    on_bench(Wish(loaded=False), work)


def test_without_a_selected_protocol_a_person_is_told_which_to_select() -> None:
    """No page that was seen says how it is selected over the link."""

    async def work(bench: Bench) -> None:
        with pytest.raises(RefusedError, match=f"the selected protocol is none; select '{WASH}' in Run Manager"):
            await bench.prepared()

    on_bench(Wish(loaded=False), work)


def test_a_kit_id_is_read_only_with_the_door_closed() -> None:
    """As documented: kit and id are detected when the door is closed."""

    async def work(bench: Bench) -> None:
        bench.hand("door", open=True)
        seen = await bench.washer.look()
        assert (seen.kit, seen.kit_id, seen.door_closed) == (Kit.NOT_LOADED, "", False)

    on_bench(Wish(), work)


def test_the_door_is_locked_in_a_run_and_one_that_is_forced_is_an_error() -> None:
    """The run is broken off; it is not continued by anybody's link."""

    async def work(bench: Bench) -> None:
        await bench.running()
        await bench.passes(60)
        with pytest.raises(FailedError, match="locked"):
            bench.hand("door", open=True)
        bench.hand("door", open=True, forced=True)
        assert (await bench.washer.look()).state is WasherState.ERROR
        with pytest.raises(RefusedError, match="is in error"):
            await bench.washer.skip(step=2)

    on_bench(Wish(), work)


# Waits


def test_an_empty_source_bag_is_a_bubble_and_the_next_step_goes_on_without_it() -> None:
    """More was asked for than is in the bag: a person decides to go on with the wash."""

    async def work(bench: Bench) -> None:
        await bench.running(400, *VALUES[1:])
        seen = await bench.until(WasherState.PAUSED)
        assert (seen.waiting, seen.step) == (Waiting.BUBBLE, 2)
        assert float(bench.contents(SOURCE.id).volume) < 1e-6
        await bench.washer.acknowledge(waiting=Waiting.BUBBLE, answer=SKIP, step=2)
        assert (await bench.until(WasherState.READY)).state is WasherState.READY
        assert float(bench.contents(PRODUCT.id).live) > 8.0e8

    on_bench(Wish(), work)


def test_a_bubble_that_is_still_there_is_seen_again() -> None:
    """To go on with an empty bag leads back to the same wait; nothing is skipped by itself."""

    async def work(bench: Bench) -> None:
        await bench.running(400, *VALUES[1:])
        await bench.until(WasherState.PAUSED)
        await bench.washer.acknowledge(waiting=Waiting.BUBBLE, answer=CONTINUE, step=2)
        await bench.passes(3600)
        seen = await bench.washer.look()
        assert (seen.state, seen.waiting, seen.step) == (WasherState.PAUSED, Waiting.BUBBLE, 2)
        assert (bench.fake.acts["acknowledge"], bench.fake.acts["skip"]) == (1, 0)

    on_bench(Wish(), work)


def test_a_clamped_line_is_overpressure_until_it_is_opened() -> None:
    """The pressure is told; after opening the clamp the step goes on where it was."""

    async def work(bench: Bench) -> None:
        await bench.running()
        await bench.passes(60)
        open_line = (await bench.washer.flows()).pressure_kpa
        bench.hand("clamp", line="source", share=0.9)
        seen = await bench.until(WasherState.PAUSED)
        assert (seen.waiting, seen.step, open_line) == (Waiting.PRESSURE, 2, 24.0)
        bench.hand("clamp", line="source", share=0.0)
        await bench.washer.acknowledge(waiting=Waiting.PRESSURE, answer=CONTINUE, step=2)
        assert (await bench.until(WasherState.READY)).state is WasherState.READY
        assert float(bench.contents(SOURCE.id).volume) == pytest.approx(20.0, abs=4.0)

    on_bench(Wish(), work)


def test_a_product_bag_that_is_full_is_overpressure_and_nothing_is_spilt() -> None:
    """What does not go in stays in the kit and the buffer bag."""

    async def work(bench: Bench) -> None:
        bench.hand("connect", line="product", container="washer.waste")
        before = bench.world.total().volume
        await bench.running(300, 1, 200, 60, 60, 1600)
        await bench.until(WasherState.READY, WasherState.PAUSED)
        assert float(bench.world.total().volume) == pytest.approx(float(before), abs=1e-9)

    on_bench(Wish(), work)


def test_a_pause_at_the_panel_is_told_and_answered() -> None:
    """Somebody pressed pause: the program is told who, and goes on only when it is told to."""

    async def work(bench: Bench) -> None:
        await bench.running()
        await bench.passes(60)
        bench.hand("pause")
        assert (await bench.washer.look()).waiting is Waiting.PAUSED_AT_PANEL
        await bench.washer.acknowledge(waiting=Waiting.PAUSED_AT_PANEL, answer=CONTINUE, step=2)
        assert (await bench.washer.look()).state is WasherState.RUNNING

    on_bench(Wish(), work)


def test_a_wait_that_a_person_answered_at_the_panel_is_not_answered_again() -> None:
    """The washer is asked first."""

    async def work(bench: Bench) -> None:
        await bench.running()
        await bench.passes(60)
        bench.hand("bubble")
        bench.hand("acknowledge", answer="continue")
        with pytest.raises(RefusedError, match="no longer waits"):
            await bench.washer.acknowledge(waiting=Waiting.BUBBLE, answer=SKIP, step=2)
        assert (bench.fake.acts["acknowledge"], bench.fake.acts["skip"]) == (0, 0)

    on_bench(Wish(), work)


@pytest.mark.requirement("C04")
@pytest.mark.parametrize("answer", [CONTINUE, SKIP])
def test_an_acknowledgement_over_a_restart_is_sent_once(answer: Acknowledgement) -> None:
    """Before it was sent the washer still waits; after it was sent it does not, whoever asks anew."""

    async def work(bench: Bench) -> None:
        await bench.running()
        await bench.passes(60)
        bench.hand("bubble")
        open_call = acknowledge(Waiting.BUBBLE, answer, 2)
        assert await bench.washer.reconcile(open_call) == NotDone()
        await bench.washer.acknowledge(waiting=Waiting.BUBBLE, answer=answer, step=2)
        restarted = build(bench.link, {}, control=True)
        assert await restarted.reconcile(open_call) == Done()
        assert bench.fake.acts["acknowledge"] + bench.fake.acts["skip"] == 1

    on_bench(Wish(), work)


def test_without_the_sites_word_a_pause_is_refused_and_with_it_it_pauses_once() -> None:
    """No page that was seen names the word; what is paused stays so."""

    async def work(bench: Bench) -> None:
        await bench.running()
        unnamed = build(bench.link, {}, control=True)
        with pytest.raises(RefusedError, match="use the panel"):
            await unnamed.pause()
        await bench.washer.pause()
        await bench.washer.pause()
        assert bench.fake.acts["pause"] == 1
        bench.hand("acknowledge", answer="continue")
        await bench.until(WasherState.READY)
        with pytest.raises(RefusedError, match="nothing runs"):
            await bench.washer.pause()

    on_bench(Wish(), work)


# Links


@pytest.mark.parametrize(
    "kind", [FaultKind.LOSE_REPLY, FaultKind.GARBLE_REPLY, FaultKind.CUT_REPLY, FaultKind.LOSE_LINK]
)
def test_a_start_whose_answer_is_lost_is_settled_by_asking(kind: FaultKind) -> None:
    """The washer took it: unknown, then done; never started twice."""

    async def work(bench: Bench) -> None:
        await bench.prepared()
        bench.fault(kind, at=2)  # the look comes first
        with pytest.raises(UnknownError):
            await bench.washer.start(source=SOURCE, product=PRODUCT)
        assert await bench.washer.reconcile(Call(NAME, "start", {})) == Done()
        assert bench.fake.acts["start"] == 1

    on_bench(Wish(), work)


@pytest.mark.parametrize("kind", [FaultKind.LOSE_COMMAND, FaultKind.NOISE])
def test_a_start_that_never_arrived_is_settled_as_not_done(kind: FaultKind) -> None:
    """The washer is still ready to start."""

    async def work(bench: Bench) -> None:
        await bench.prepared()
        bench.fault(kind, at=2)
        with pytest.raises(UnknownError):
            await bench.washer.start(source=SOURCE, product=PRODUCT)
        assert await bench.washer.reconcile(Call(NAME, "start", {})) == NotDone()
        assert bench.fake.acts["start"] == 0

    on_bench(Wish(), work)


def test_no_changed_byte_is_taken_for_a_value() -> None:
    """Each answer carries a check sum; a look that was garbled is no look, and the next one is."""

    async def work(bench: Bench) -> None:
        await bench.running()
        bench.fault(FaultKind.GARBLE_REPLY)
        with pytest.raises((WireError, LinkError)):
            await bench.washer.look()
        assert (await bench.washer.look()).state is WasherState.RUNNING

    on_bench(Wish(), work)


# Power


@pytest.mark.parametrize("state", ["selected", "prepared", "running", "paused", "ended"])
def test_power_lost_in_any_state_is_an_error_and_nothing_goes_on_by_itself(state: str) -> None:
    """Run Manager goes on and says so; when the power is back a person clears the error, and no run continues."""

    async def work(bench: Bench) -> None:
        if state != "selected":
            await bench.prepared()
        if state in {"running", "paused", "ended"}:
            await bench.washer.start(source=SOURCE, product=PRODUCT)
            await bench.passes(60)
        if state == "paused":
            bench.hand("pause")
        if state == "ended":
            await bench.until(WasherState.READY)
        bench.hand("power", on=False)
        assert (await bench.washer.look()).state is WasherState.ERROR
        with pytest.raises(RefusedError):
            await bench.prepared()
        bench.hand("power", on=True)
        in_run = state in {"running", "paused"}
        assert ((await bench.washer.look()).state is WasherState.ERROR) == in_run
        bench.hand("clear")
        seen = await bench.washer.look()
        assert (seen.state, seen.step) == (WasherState.READY, 0)
        await bench.passes(3600)
        assert (await bench.washer.look()).state is WasherState.READY
        assert bench.fake.acts["start"] == (0 if state in {"selected", "prepared"} else 1)

    on_bench(Wish(), work)


def test_after_a_power_loss_the_cells_are_brought_out_at_the_panel() -> None:
    """What is in the kit stays there; an administrator starts at the recovery step."""

    async def work(bench: Bench) -> None:
        await bench.running()
        await bench.passes(250)
        bench.hand("power", on=False)
        held = float(bench.contents("washer.kit.1").live)
        assert held > 5.0e8
        assert await bench.washer.reconcile(Call(NAME, "start", {})) == Unknown("the washer is in error")
        bench.hand("power", on=True)
        bench.hand("clear")
        bench.hand("start at", step=4)
        assert (await bench.until(WasherState.READY)).state is WasherState.READY
        assert float(bench.contents(PRODUCT.id).live) > 0.95 * held

    on_bench(Wish(), work)


# Run history


def test_the_run_history_is_found_by_its_kit_and_hashed() -> None:
    """Volumes and events as the washer wrote them; the newest complete file that names the kit."""

    async def work(bench: Bench) -> None:
        await bench.running()
        await bench.passes(60)
        bench.hand("bubble")
        await bench.washer.acknowledge(waiting=Waiting.BUBBLE, answer=CONTINUE, step=2)
        await bench.until(WasherState.READY)
        await bench.passes(5)
        seen = await bench.washer.history()
        assert seen is not None
        (file,) = bench.fake.files(Instant(1e12)).values()
        assert (seen, seen.kit_id) == (history_wire.read(file[0]), "KIT-1")
        assert [event.partition(" ")[2] for event in seen.events] == [
            "run started in step 1",
            "bubble in step 2",
            "continued in step 2",
            "run complete",
        ]
        assert seen.volumes.processed == pytest.approx(VALUES[0])

    on_bench(Wish(), work)


def test_a_missing_run_history_is_none_also_when_an_older_one_stands_there() -> None:
    """A file of another kit is not this run's."""

    async def work(bench: Bench) -> None:
        await bench.running()
        await bench.until(WasherState.READY)
        await bench.passes(5)
        assert await bench.washer.history() is not None
        bench.hand("kit", id="KIT-2")
        assert await bench.washer.history() is None
        bench.hand("kit", id="KIT-1")
        bench.hand("lose histories")
        assert await bench.washer.history() is None

    on_bench(Wish(), work)


def test_a_run_history_comes_out_of_a_real_folder_too(tmp_path: Path) -> None:
    """The folder that the site names; of a layout that nobody knows only the hash is taken."""

    async def main() -> None:
        found = Histories(Link(MemoryStream(), name=NAME), str(tmp_path), settle=Seconds(0.01))
        (tmp_path / "old.csv").write_bytes(b"KIT-0 and so on")
        assert await found.newest("KIT-1") is None
        (tmp_path / "run.bin").write_bytes(b"\x00\x01 KIT-1 \xff")
        assert await found.newest("KIT-1") == history_wire.read(b"\x00\x01 KIT-1 \xff")
        found.begin("KIT-0")
        kit_taken_out = await found.newest("")
        assert kit_taken_out == history_wire.read(b"KIT-0 and so on")
        for link in found.own_link:
            await link.close()

    asyncio.run(main())


def test_a_history_without_a_folder_is_none() -> None:
    """The site named none."""

    async def work(bench: Bench) -> None:
        assert await bench.washer.history() is None

    on_bench(Wish(settings=(("history_folder", ""),)), work)


@pytest.mark.parametrize(
    "data", [f"{history_wire.HEADER}\nnonsense\n".encode(), f"{history_wire.HEADER}\nwasted_ml,x\n".encode()]
)
def test_a_broken_line_of_a_known_layout_is_named(data: bytes) -> None:
    """Rather than a history with holes."""
    with pytest.raises(WireError, match="due"):
        history_wire.read(data)


def test_an_unknown_layout_gives_its_hash_and_nothing_that_was_not_read() -> None:
    """No maker's layout was seen, so none is guessed."""
    seen = history_wire.read(b"Serial;Step;Flow\n1;2;3\n")
    assert seen == RunHistory(seen.sha256, "", "", "", "", (), ProcessValues())
    assert len(seen.sha256) == 64


# The plant


def test_a_washer_is_rebuilt_from_its_log_as_it_was(tmp_path: Path) -> None:
    """In the middle of a run: same state, same contents, same acts."""
    path = tmp_path / "plant.log"

    async def work(bench: Bench) -> tuple[object, object, Instant]:
        await bench.running()
        await bench.passes(97)
        bench.hand("bubble")
        await bench.washer.acknowledge(waiting=Waiting.BUBBLE, answer=CONTINUE, step=2)
        await bench.passes(50)
        await bench.washer.look()
        return bench.world.total(), dict(bench.fake.acts), Instant(0.0)

    log = PlantLog(path)
    total, acts, _ = on_bench(Wish(log=log), work)
    log.close()
    world = furnished()
    again = FakeRotea(world, NAME, pause_word=PAUSE)
    rebuild(again, path, name=NAME)
    assert (world.total(), again.acts) == (total, acts)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"flows": "speed=Node"}, "flows has 'speed=Node'"),
        ({"nodes": "map.json"}, "only an opcua: port"),
        ({"ward": "x"}, "setting 'ward' is unknown"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_is_allowed(settings: dict[str, str], why: str) -> None:
    """By the name of the setting."""
    with pytest.raises(InputError, match=why):
        build(Link(MemoryStream(), name=NAME), settings, control=True)


def test_lines_that_nobody_names_are_bubbles_not_crashes() -> None:
    """A kit to which nothing was connected waits at its first step."""

    async def work(bench: Bench) -> None:
        bench.hand("kit", id="KIT-9")
        bench.hand("connect", line="source", container=SOURCE.id)
        with pytest.raises(FailedError, match="line is 'drain'"):
            bench.hand("connect", line="drain", container=BUFFER.id)
        await bench.prepared()
        await bench.washer.start(source=SOURCE, product=PRODUCT)
        seen = await bench.until(WasherState.PAUSED)
        assert (seen.waiting, seen.step) == (Waiting.BUBBLE, 1)

    on_bench(Wish(), work)


def test_the_program_is_the_approved_one_of_the_docs() -> None:
    """A recipe of the simulated site states this check sum."""
    assert program(FakeRotea(furnished(), NAME)).checksum == "636e5d1630bf1ad7347cde6ade6835b4"
