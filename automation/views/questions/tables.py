"""The tables that can be asked, drawn from one look at a ledger; each is made when it is first asked for."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from automation.kernel.errors import InputError
from automation.ledger.event import Event
from automation.views.objects import Objects
from automation.views.questions import of_batches, of_improvement, of_plant, of_steps, of_times
from automation.views.questions.of_batches import ended_of, first_of, given, last_of
from automation.views.questions.of_steps import Step
from automation.views.questions.rows import Row, Rows

_DECISIONS = ("release", "release_conditionally", "reject")


class Tables:
    """All tables of a ledger."""

    def __init__(self, objects: Objects) -> None:
        """Take the objects as they stand, with their events."""
        self.objects = objects
        self._made: dict[str, Rows] = {}

    def __getitem__(self, name: str) -> Rows:
        """Give a table; raises InputError for one that there is not."""
        if name not in SOURCES:
            raise InputError(f"there is no table {name!r}; there are {', '.join(SOURCES)}")
        if name not in self._made:
            fields, make = SOURCES[name]
            self._made[name] = Rows(fields, tuple(make(self)))
        return self._made[name]

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Give every step in the order in which they were bound."""
        found = []
        for stream, events in self.objects.streams.items():
            parts = stream.split("/", 3)
            if len(parts) == 4 and (parts[0], parts[2]) == ("batch", "step"):  # batch/B/step/S
                found.append(Step(parts[1], parts[3], self._recipes.get(parts[1], ""), events))
        return tuple(found)

    @cached_property
    def by_batch(self) -> Mapping[str, tuple[Step, ...]]:
        """Give the steps of each batch."""
        found: dict[str, tuple[Step, ...]] = {}
        for step in self.steps:
            found[step.batch] = (*found.get(step.batch, ()), step)
        return found

    @cached_property
    def _recipes(self) -> dict[str, str]:
        streams = ((thing.id, self.objects.streams[f"batch/{thing.id}"]) for thing in self.objects.every("batch"))
        issues = ((name, first_of(events, "issue")) for name, events in streams)
        return {name: str(given(issue).get("recipe", "")) for name, issue in issues if issue is not None}

    @cached_property
    def models(self) -> dict[str, str]:
        """Give the model of each asset as it was registered."""
        found = {}
        for thing in self.objects.every("asset"):
            said = first_of(self.objects.streams[f"asset/{thing.id}"], "register")
            found[thing.id] = str(given(said).get("model", "")) if said else ""
        return found

    @cached_property
    def prompts(self) -> dict[tuple[str, str], list[list[Event]]]:
        """Give the streams of questions to people, by batch and step."""
        found: dict[tuple[str, str], list[list[Event]]] = {}
        for thing in self.objects.every("prompt"):
            events = self.objects.streams[f"prompt/{thing.id}"]
            said = given(events[0])
            found.setdefault((str(said.get("batch", "")), str(said.get("step", ""))), []).append(events)
        return found

    def times(self) -> Iterable[Row]:
        """Give where the time of every batch went."""
        yield from of_times.times(self.steps, self.prompts)
        for thing in self.objects.every("batch"):
            events = self.objects.streams[f"batch/{thing.id}"]
            decided = last_of(self.objects.streams.get(f"release/{thing.id}", []), *_DECISIONS)
            yield from of_times.after(
                thing.id, ended=ended_of(events)[1], reviewed=last_of(events, "review"), decided=decided
            )


SOURCES: dict[str, tuple[tuple[str, ...], Callable[[Tables], Iterable[Row]]]] = {
    "batches": (of_batches.BATCHES, lambda here: of_batches.batches(here.objects, here.by_batch)),
    "steps": (of_steps.STEPS, lambda here: of_steps.steps(here.steps)),
    "parameters": (of_steps.PARAMETERS, lambda here: of_steps.parameters(here.steps)),
    "results": (of_steps.RESULTS, lambda here: of_steps.results(here.steps)),
    "times": (of_times.TIMES, Tables.times),
    "tests": (of_batches.TESTS, lambda here: of_batches.tests(here.objects)),
    "materials": (of_batches.MATERIALS, lambda here: of_batches.materials(here.objects)),
    "assets": (of_steps.ASSETS, lambda here: of_steps.assets(here.steps, here.models)),
    "people": (of_batches.PEOPLE, lambda here: of_batches.people(here.objects)),
    "environment": (of_plant.ENVIRONMENT, lambda here: of_plant.environment(here.objects)),
    "media-fills": (of_plant.MEDIA_FILLS, lambda here: of_plant.fills(here.objects)),
    "wastes": (of_improvement.WASTES, of_improvement.wastes),
    "five-s": (of_improvement.FIVE_S, lambda here: of_improvement.five_s_scores(here.objects)),
    "deviations": (of_batches.DEVIATIONS, lambda here: of_batches.deviations(here.objects)),
}
"""What can be asked: the fields of each table, and how it is made."""
