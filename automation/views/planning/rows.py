"""What is ahead of each order and each batch without one, as a network of activities.

An order's network goes from its collection over the way to the site, its slot and the steps of its batch to the tests
that are under way and the patient. A batch that has begun has the times of its own steps; the plan has the rest.
Units:  moments in s (UTC), times in s.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from automation.engine.journal import Stage
from automation.gmp.capacity import Booked
from automation.gmp.codes import moment
from automation.gmp.due import dues_of
from automation.gmp.marks import OPEN, of_batch, of_order
from automation.gmp.product.batches import Batch
from automation.gmp.product.collections import Collection
from automation.gmp.product.orders import Order
from automation.gmp.product.testing import QcTest
from automation.kernel.clock import MICRO
from automation.kernel.quantity import Instant, Seconds
from automation.views.objects import Objects
from automation.views.planning.network import Activity
from automation.views.planning.plans import RecipePlan, StepPlan
from automation.views.questions.of_steps import ENDS

COLLECTION, TRANSPORT, SLOT, PATIENT = "collection", "transport", "slot", "to the patient"
_Times = tuple[Instant | None, Instant | None]
_LOST = frozenset({"stopped", "aborted"})
_OVER = frozenset({"complete", "stopped", "aborted", "closed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """One order, or one batch without an order, with what is ahead of it."""

    id: str
    order: Order | None = None
    collection: Collection | None = None
    batch: Batch | None = None
    plan: RecipePlan | None = None
    activities: tuple[Activity, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def needed_by(self) -> Instant | None:
        """Give when the patient needs it; None for a batch without an order."""
        return self.order.needed_by if self.order else None

    @property
    def booked(self) -> Booked | None:
        """Give what its collection has booked."""
        return self.collection.booked if self.collection else None

    @property
    def names(self) -> tuple[str, ...]:
        """Give every id under which people know it."""
        things = (self.order, self.batch, self.collection)
        return tuple(dict.fromkeys((self.id, *(one.id for one in things if one is not None))))

    def step(self, activity: str) -> StepPlan | None:
        """Give the planned step of an activity; None for one that is no step."""
        return next((one for one in self.plan.steps if one.step == activity), None) if self.plan else None


@dataclass(frozen=True, slots=True)
class Gather:
    """Reads what is ahead; ``to_patient`` (s) is from the last step and test to the patient."""

    objects: Objects
    plans: Sequence[RecipePlan]
    to_patient: Seconds

    def every(self) -> Iterator[Ahead]:
        """Give every open order, and every open batch without one."""
        for thing in self.objects.marked("order", OPEN):
            if isinstance(thing, Order):
                yield self._order(thing)
        for thing in self.objects.marked("batch", OPEN):
            if isinstance(thing, Batch) and thing.state not in _OVER and not (thing.issue and thing.issue.order):
                plan, notes = self._plan_of(thing)
                steps = tuple(self._steps(thing, plan, after=""))
                yield Ahead(id=thing.id, batch=thing, plan=plan, activities=steps, notes=notes)

    def _order(self, order: Order) -> Ahead:
        collection = next(reversed([one for one in self._of(order, "collection") if _stands(one)]), None)
        batches = [one for one in self._of(order, "batch") if isinstance(one, Batch) and one.state not in _LOST]
        batch = next((one for one in reversed(batches) if one.id not in order.made_again), None)
        plan, notes = self._plan_of(batch) if batch else self._plan_for(order)
        found = collection if isinstance(collection, Collection) else None
        return Ahead(
            id=order.id,
            order=order,
            collection=found,
            batch=batch,
            plan=plan,
            activities=tuple(self._activities(found, batch, plan)),
            notes=(*notes, *(() if found else ("no collection is scheduled",))),
        )

    def _of(self, order: Order, kind: str) -> list[object]:
        return list(self.objects.marked(kind, of_order(order.id)))

    def _activities(
        self, collection: Collection | None, batch: Batch | None, plan: RecipePlan | None
    ) -> Iterator[Activity]:
        begun = batch.started_at if batch else None
        if collection is not None:
            yield from _fetching(collection, self.objects.zone)
            title = f"slot in {collection.suite}" if collection.suite else "slot in the suite"
            yield Activity(name=SLOT, title=title, after=(TRANSPORT,), not_before=collection.slot_at, ended=begun)
        else:
            yield Activity(name=SLOT, title="begin of the batch", ended=begun)
        steps = tuple(self._steps(batch, plan, after=SLOT))
        yield from steps
        ends = (*(one.name for one in steps), SLOT)
        tests = tuple(self._tests(batch, after=ends)) if batch else ()
        yield from tests
        yield Activity(
            name=PATIENT,
            title="review, release and delivery",
            takes=self.to_patient,
            after=(*ends, *(one.name for one in tests)),
        )

    def _steps(self, batch: Batch | None, plan: RecipePlan | None, *, after: str) -> Iterator[Activity]:
        """Give the steps of a batch: those of the plan, but for what is over; it stands with its own times."""
        own = self._times(batch) if batch else {}
        first = (after,) if after else ()
        if plan is not None and (batch is None or batch.state not in _OVER):
            ends = {one.step: one.end for one in plan.steps}
            for one in plan.steps:
                begun, ended = own.pop(one.step) if one.step in own else _left_out(one.step, plan, own)
                yield Activity(
                    name=one.step,
                    title=one.title,
                    takes=Seconds(one.takes),
                    after=one.after or first,
                    lag=Seconds(one.begin - max((ends[name] for name in one.after), default=0.0)),
                    begun=begun,
                    ended=ended,
                )
        for name, (begun, ended) in own.items():
            yield Activity(name=name, title=name, after=first, begun=begun, ended=ended)

    def _times(self, batch: Batch) -> dict[str, _Times]:
        """Give from when until when each step of a batch ran; the second is None while it goes on."""
        prefix = f"batch/{batch.id}/step"
        found: dict[str, _Times] = {}
        for stream, events in self.objects.under(prefix).items():
            stages = [(event.read(Stage).state, event) for event in events if event.kind == "procedural"]
            if stages:
                ended = Instant(stages[-1][1].at / MICRO) if stages[-1][0] in ENDS else None
                found[stream.removeprefix(f"{prefix}/")] = (Instant(stages[0][1].at / MICRO), ended)
        return found

    def _tests(self, batch: Batch, *, after: tuple[str, ...]) -> Iterator[Activity]:
        for thing in self.objects.marked("test", of_batch(batch.id)):
            due = max((one.by for one in dues_of(thing)), default=None)
            if isinstance(thing, QcTest) and thing.request and due is not None:
                title = f"{thing.request.test} ({thing.id}, {thing.state})"
                yield Activity(name=f"test {thing.id}", title=title, after=after, not_before=due)

    def _plan_of(self, batch: Batch) -> tuple[RecipePlan | None, tuple[str, ...]]:
        recipe, version = (batch.issue.recipe, batch.issue.recipe_version) if batch.issue else ("", "")
        found = next((one for one in self.plans if (one.recipe, one.version) == (recipe, version)), None)
        return found, () if found else (f"no plan of recipe {recipe} version {version}",)

    def _plan_for(self, order: Order) -> tuple[RecipePlan | None, tuple[str, ...]]:
        """Find the plan of an order without a batch: the only one that makes its product."""
        product = order.placing.product if order.placing else ""
        found = [one for one in self.plans if one.product == product]
        if len(found) == 1:
            return found[0], ()
        names = ", ".join(f"{one.recipe} {one.version}" for one in found) or "no plan"
        return None, (f"{product} is made by {names}; one is needed to tell its steps",)


def _left_out(step: str, plan: RecipePlan, own: Mapping[str, _Times]) -> _Times:
    """Give when a step was passed over that others have gone on behind; nothing for one that is still to come."""
    behind = [own[one.step][0] for one in plan.steps if step in one.after and one.step in own]
    passed = min((float(at) for at in behind if at is not None), default=0.0)
    return (Instant(passed), Instant(passed)) if passed else (None, None)


def _fetching(collection: Collection, zone: str) -> Iterator[Activity]:
    """Give the collection and the way to the site; once it is reported its way has begun."""
    report = collection.report
    ended = moment(report.collected, zone=zone) if report else None
    yield Activity(
        name=COLLECTION, title=f"collection {collection.id}", not_before=collection.due_at, begun=ended, ended=ended
    )
    yield Activity(
        name=TRANSPORT,
        title=f"arrival of {collection.id}",
        takes=collection.arrives_at - collection.due_at,
        after=(COLLECTION,),
        begun=ended,
        ended=collection.moved_at if collection.state == "received" else None,
    )


def _stands(thing: object) -> bool:
    return isinstance(thing, Collection) and thing.booked is not None


def names_of(rows: Sequence[Ahead]) -> Mapping[str, Ahead]:
    """Give every row by each of its names."""
    return {name: row for row in rows for name in row.names}
