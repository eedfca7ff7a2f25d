"""A planned amendment of a batch that runs: proposed, approved, in force at the next step boundary, on the record."""

import asyncio
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import cast

import pytest

from automation.bootstrap import operations
from automation.engine import masters
from automation.engine.journal import Enter
from automation.engine.recipe.load import load
from automation.engine.requests import Request, Signer, carry_out
from automation.engine.setup import secret_of
from automation.engine.site import Site
from automation.gmp.amendments import Amendment, Stage
from automation.gmp.door import Command, Proof
from automation.gmp.product.batches import Batch
from automation.kernel.errors import CellwrightError
from automation.ledger.blobs import Blobs
from automation.ledger.event import Event
from automation.ledger.read import Reader
from automation.views.batch_record import BatchRecord, batch_record
from tests.support.crash import at_appends, resumed
from tests.support.runs import BATCH, Hook, Run, make_site, run_batch

OLD = ["receive", "count", "freeze", "store"]
NEW = ["receive", "count", "recount", "freeze", "store"]
BUDGET = ("warming_longest: 10 min", "warming_longest: 8 min")


def amended(*changes: tuple[str, str], text: str = "") -> str:
    """Give freeze-day, or the text, with other texts."""
    text = text or masters.content("freeze-day").decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def with_recount() -> str:
    """Give freeze-day with a second count before the freeze, and less time in the warmth."""
    text = amended(BUDGET)
    begin, end = text.index("  - id: count\n"), text.index("  - id: freeze\n")
    return text[:end] + text[begin:end].replace("id: count", "id: recount") + text[end:]


async def ask(site: Site, command: str, who: str, recipe: str = "") -> None:
    """Propose, approve or withdraw as a person does."""
    waiting = cast("Batch", site.house.door.find("batch", BATCH)).open_amendment
    stated: dict[str, object] = {"recipe": recipe, "name": "amended.yaml", "reason": "pilot run"}
    if waiting is not None and not recipe:
        stated = {"number": waiting.proposal.number}
        stated |= {"recipe_digest": waiting.proposal.recipe_digest} if command == "amend" else {"reason": "not needed"}
    meaning = {"propose": "authored", "amend": "approved"}.get(command, "")
    word = secret_of(site.file.people[who])
    signed = (Signer(who, word, meaning, "what differs"),) if meaning else ()
    what, target = ("propose", BATCH) if recipe else ("do", f"batch/{BATCH}")
    request = Request(what=what, target=target, command=command, body=stated, by=who, secret=word, signers=signed)
    await carry_out(site, request)


def during(step: str, state: str, *acts: Callable[[Site], object]) -> Hook:
    """Let people do something once a step has entered a state; what is refused is told."""

    async def do(site: Site) -> None:
        for act in acts:
            try:
                await cast("asyncio.Future[None]", act(site))
            except CellwrightError as refusal:
                site.plant.people.notes.append(str(refusal))  # type: ignore[union-attr]  # the simulated one has people

    tasks: list[object] = []

    def hook(site: Site) -> None:
        def look(event: Event) -> None:
            here = event.stream == f"batch/{BATCH}/step/{step}" and event.kind == "enter"
            if here and not tasks and event.read(Enter).state == state:
                tasks.append(asyncio.get_running_loop().create_task(do(site)))

        site.house.ledger.subscribe(look)

    return hook


def proposing(recipe: str) -> tuple[Callable[[Site], object], ...]:
    """Let carla propose and dora approve."""
    return partial(ask, command="propose", who="carla", recipe=recipe), partial(ask, command="amend", who="dora")


def batch_of(run: Run) -> Batch:
    """Give the batch at the end of a run."""
    return cast("Batch", run.things[f"batch/{BATCH}"])


def last(run: Run) -> Amendment:
    """Give the last amendment."""
    return batch_of(run).amendments[-1]


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, BatchRecord]:
    """Give a batch that was amended while its cells were counted, and its record."""
    folder = make_site(tmp_path_factory.mktemp("amended") / "site")
    masters.keep(folder, "freeze-day", load("freeze-day", operations()))
    run = run_batch(folder, during("count", "drawn", *proposing(with_recount())))
    with Reader(folder) as reader:
        return run, batch_record(reader, Blobs(folder / "blobs", sync=False), BATCH)


@pytest.mark.requirement("F002")
def test_an_amended_batch_runs_the_steps_and_values_of_the_amendment(changed: tuple[Run, BatchRecord]) -> None:
    """The added step runs where it was put, and the step after it with its own value."""
    run, record = changed
    assert (run.state, run.steps) == ("closed", NEW)
    store = next(step for step in record.steps if step.id == "store")
    assert [one.text for one in store.parameters if one.name == "warming_longest"] == ["8 min"]
    assert last(run).stage is Stage.IN_FORCE


@pytest.mark.requirement("F002")
def test_an_amendment_takes_effect_between_two_steps(changed: tuple[Run, BatchRecord]) -> None:
    """After the end of the step in which it was approved, before the next one is bound."""
    run, _ = changed
    told = [(event.stream.rpartition("/")[2], event.kind) for event in run.events]
    ended, adopted = told.index(("count", "concluded")), told.index((BATCH, "adopt"))
    assert told.index((BATCH, "amend")) < ended < adopted < told.index(("recount", "bound"))


@pytest.mark.requirement("F002", "F045")
def test_the_record_says_what_was_amended_by_whom_and_why(changed: tuple[Run, BatchRecord]) -> None:
    """In words, with both recipes whole, and as an exception to be reviewed."""
    _, record = changed
    [one] = record.amendments
    assert (one.author, one.approved_by, one.stage, one.reason) == ("carla", "dora", "in force", "pilot run")
    assert "steps.store.given.warming_longest: 10 min becomes 8 min" in one.differences
    assert any(text.startswith("steps.recount: added") for text in one.differences)
    assert "recount" in one.recipe.text
    assert "recount" not in record.master.text
    assert any(found.rule == "E09" and found.what.startswith("amendment 1") for found in record.findings)
    assert {"authored", "approved"} <= {signature.meaning for signature in record.signatures}


@pytest.mark.requirement("F002", "C01.2")
def test_a_kill_at_every_point_of_an_amendment_leaves_the_old_recipe_or_the_new_one(tmp_path: Path) -> None:
    """Never a mix: steps and values are all of the one or all of the other, as the approval is on disk or not."""
    before = [""]

    def wanted(event: Event) -> bool:
        before.append(event.kind)
        return event.kind in {"propose", "adopt"} or before[-2] == "amend"

    hook = during("count", "drawn", *proposing(with_recount()))
    _, kept = at_appends(tmp_path / "site", tmp_path / "kept", wanted, hook)
    assert len(kept.moments) == 3
    found = {}
    for moment in kept.moments:
        run = resumed(kept, moment)
        text = next(e for e in run.events if e.stream.endswith("/step/store") and e.kind == "bound").body
        found[moment.split()[1]] = (run.state, run.steps == NEW, b'"8 min"' in text)
    old, new = ("closed", False, False), ("closed", True, True)
    assert list(found.values()) == [old, new, new]


@pytest.mark.requirement("F002", refuses=True)
def test_what_has_begun_and_whose_it_is_can_t_be_amended(tmp_path: Path) -> None:
    """One error each says what and where; the batch goes on as it was issued."""
    refused = {
        ("differ_at_most: 15 %", "differ_at_most: 20 %"): ".yaml:46:5: step 'count' has begun",
        ("starts_from: bag20", "starts_from: bag50"): "amended.yaml: product differs",
        ("id: freeze-day", "id: other-day"): "amended.yaml: recipe.id is 'other-day'",
        ("every: 10 s", "every: 10 degC"): "given.every is in 'degC'",
        ("title: Transfer", "title: Transfer"): "nothing differs",
    }
    acts = [proposing(amended(change))[0] for change in refused]
    run = run_batch(make_site(tmp_path / "site"), during("count", "drawn", *acts), until=900.0)
    assert [note for note, start in zip(run.told, refused.values(), strict=True) if start not in note] == []
    assert batch_of(run).amendments == ()
    assert not list((run.folder / "blobs").rglob(sha256(amended(next(iter(refused))).encode()).hexdigest()))


@pytest.mark.requirement("F002", refuses=True)
def test_neither_author_nor_performer_approves_and_a_withdrawn_amendment_never_counts(tmp_path: Path) -> None:
    """Dora wrote this one; carla has started the batch and lacks the right."""
    acts = (
        partial(ask, command="propose", who="dora", recipe=with_recount()),
        partial(ask, command="amend", who="dora"),
        partial(ask, command="amend", who="carla"),
        partial(ask, command="propose", who="carla", recipe=amended(BUDGET)),
        partial(ask, command="withdraw", who="dora"),
    )
    run = run_batch(make_site(tmp_path / "site"), during("count", "drawn", *acts))
    assert [text.split(";")[0].removeprefix(f"batch {BATCH}: ") for text in run.told] == [
        "dora wrote amendment 1 or has a hand in the batch",
        f"carla may not amend batch/{BATCH}: needs the right approve",
        "amendment 1 is proposed",
    ]
    assert (run.steps, last(run).stage) == (OLD, Stage.WITHDRAWN)


@pytest.mark.requirement("F002", refuses=True)
def test_an_approval_that_comes_too_late_lapses_with_an_alarm(tmp_path: Path) -> None:
    """The step that it changes has begun in between; the batch goes on as before."""

    async def approve(site: Site) -> None:
        waiting = cast("Batch", site.house.door.find("batch", BATCH)).open_amendment
        assert waiting is not None
        body = {"number": 1, "recipe_digest": waiting.proposal.recipe_digest}
        proof = Proof("dora", secret_of(site.file.people["dora"]), "approved", b"what differs")
        await site.house.door.submit(Command(f"batch/{BATCH}", "amend", body, "dora", proofs=(proof,)))

    more = amended(BUDGET, ("plateau_longest: 600 s", "plateau_longest: 500 s"))
    run = run_batch(
        make_site(tmp_path / "site"),
        during("count", "drawn", partial(ask, command="propose", who="carla", recipe=more)),
        during("freeze", "freezing", approve),
    )
    assert (run.state, last(run).stage, last(run).why.split(";")[0]) == (
        "closed",
        Stage.LAPSED,
        "amendment 1:66:5: step 'freeze' has begun",
    )
    assert any(text.startswith(f"amendment 1 of {BATCH} lapsed") for text in run.alarms())
