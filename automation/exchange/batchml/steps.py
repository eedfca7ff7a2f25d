"""The steps of a record: what they were given and gave (recipe elements), and who did them with what (performances).

Source: MESA B2MML-BatchML 7.0.1 (RecipeElementType, OperationsPerformanceType, OpSegmentResponseType).
"""

from collections.abc import Iterator
from typing import Final

from automation.exchange.batchml.parts import OBJECTS, constant, entry, event, state, value
from automation.exchange.batchml.xml import Node, code, node
from automation.views.record import BatchRecord, Equipment, Material, Step
from automation.views.record_of_product import Container

USES: Final = frozenset({"Consumed", "Produced", "Destructive Sample", "Inventoried"})
SORTS: Final = frozenset({"ProcessInput", "ProcessOutput", "ProcessParameter"})


def elements(record: BatchRecord) -> Iterator[Node]:
    """Give each step as a recipe element with its parameters and results as they were."""
    for step in record.steps:
        element = node(
            "RecipeElementType",
            "Element",
            ID=step.id,
            Description=step.decisions,
            RecipeElementType="Operation",
            BuildingBlockElementID=step.operation,
            BuildingBlockElementVersion=record.header.operations.get(step.operation, ""),
            ActualEquipmentID=[one.asset for one in step.equipment],
            Parameter=list(_parameters(step)),
        )
        head = entry(f"element/{step.id}", "Recipe Element", at=step.begun)
        yield node("RecipeElementRecord", "ElementRecord", **head, RecipeElementType=element)


def _parameters(step: Step) -> Iterator[Node]:
    for one in step.parameters:
        yield node(
            "Parameter",
            "Parameter",
            ID=one.name,
            Description=f"from {event(one.source)}" if one.source else "",
            ParameterType=code("ProcessParameter", known=SORTS),
            Value=constant(one.value, unit=one.unit),
        )
    for result in step.results:
        yield node(
            "Parameter",
            "Parameter",
            ID=result.name,
            Description=event(result.event),
            ParameterType=code("ProcessOutput", known=SORTS),
            Value=constant(result.value, unit=result.unit, text=result.text),
        )


def performance(record: BatchRecord) -> Node:
    """Give what was done: each step with persons, equipment and materials; then what came out of the batch."""
    header = record.header
    response = node(
        "OperationsResponse",
        "Response",
        ID=f"batch/{header.batch}",
        StartTime=header.started,
        EndTime=header.ended,
        OperationsType="Production",
        ResponseState=state(header.ended_as or header.state),
        SegmentResponse=[*(_segment(step) for step in record.steps), _product(record)],
    )
    made = node(
        "OperationsPerformance",
        "Performance",
        ID=f"batch/{header.batch}",
        Description=header.product,
        StartTime=header.started,
        Endtime=header.ended,
        OperationsType="Production",
        PerformanceState=state(header.state),
        OperationsResponse=response,
    )
    head = {**entry("performance", "", at=record.drawn), "ObjectType": code("Operations Performance", known=OBJECTS)}
    return node("OperationsPerformanceRecord", "PerformanceRecord", **head, OperationsPerformance=made)


def _segment(step: Step) -> Node:
    return node(
        "SegmentResponse",
        "Segment",
        ID=step.id,
        Description=step.state,
        ActualStartTime=step.begun,
        ActualEndTime=step.ended,
        OperationsType="Production",
        ProcessSegmentID=step.operation,
        SegmentState=state(step.stage),
        SegmentData=list(_data(step)),
        PersonnelActual=list(_people(step)),
        EquipmentActual=[_equipment(step, one) for one in step.equipment],
        MaterialActual=[_consumed(step, one) for one in step.materials],
    )


def _data(step: Step) -> Iterator[Node]:
    """Give the answers of people, as they were entered; results stand in the recipe element."""
    for one in step.prompts:
        said = (one.text, f"{one.state} {one.at}", *((one.comment,) if one.comment else ()))
        answer = value(one.answer, sort="string", key=" ".join(map(event, one.events)))
        yield node("SegmentData", "Data", ID=one.id, Description=said, Value=answer)


def _people(step: Step) -> Iterator[Node]:
    for use, names in (("Performed by", step.performed_by), ("Verified by", step.verified_by)):
        for name in names:
            yield node("PersonnelActual", "PersonnelActual", ID=f"{step.id}/{name}", PersonID=name, PersonnelUse=use)


def _equipment(step: Step, one: Equipment) -> Node:
    told = {
        "maker": one.maker,
        "model": one.model,
        "serial": one.serial,
        "firmware": one.firmware,
        "driver": one.driver,
        "driving": one.driving,
        "support": one.support,
        "calibration": one.calibration,
        "calibration due": one.calibration_due,
        "qualification due": one.qualification_due,
        "location": one.location,
    }
    return node(
        "EquipmentActual",
        "EquipmentActual",
        ID=f"{step.id}/{one.asset}",
        EquipmentClassID=one.asset_class,
        EquipmentID=one.asset,
        EquipmentUse=one.role,
        EquipmentActualProperty=[_property(name, text) for name, text in told.items() if text],
    )


def _property(name: str, text: str, *, unit: str = "", sort: str = "string") -> Node:
    return node("Property", "Property", ID=name, Value=value(text, sort=sort, unit=unit))


def _consumed(step: Step, one: Material) -> Node:
    amount, _, unit = one.used.partition(" ")
    told = {"supplier": one.supplier, "expiry": one.expiry, "state": one.state}
    return node(
        "MaterialActual",
        "MaterialActual",
        ID=f"{step.id}/{one.lot}",
        MaterialDefinitionID=one.what,
        MaterialLotID=one.lot,
        Description=one.material,
        MaterialUse=code("Consumed", known=USES),
        Quantity=_quantity(amount, unit) if unit else (),
        MaterialActualProperty=[_property(name, text) for name, text in told.items() if text],
    )


def _quantity(amount: str, unit: str) -> Node:
    number = Node("", "text", amount)
    return node("Quantity", "Quantity", QuantityString=number, DataType="double", UnitOfMeasure=unit)


def _product(record: BatchRecord) -> Node:
    """Give the containers: what came in is consumed, what is inside a container at the end is produced."""
    return node(
        "SegmentResponse",
        "Segment",
        ID="product",
        Description="Containers of the batch as they stand at the end of the record",
        ActualStartTime=record.header.started,
        ActualEndTime=record.header.ended,
        OperationsType="Production",
        MaterialActual=[_container(record, one) for one in record.containers],
    )


def _container(record: BatchRecord, one: Container) -> Node:
    use = "Consumed" if one.level == 0 else "Destructive Sample" if one.purpose == "aliquot" else "Produced"
    told = {
        "state": one.state,
        "position": one.position,
        "din": one.din,
        "product code": one.product_code,
        "kind": one.kind,
        "purpose": one.purpose,
        "parent": one.parent,
        "chain of identity": one.identity,
        "QA hold": one.on_hold,
    }
    times = {"exposure": one.exposure_s, "warming": one.warming_s}
    return node(
        "MaterialActual",
        "MaterialActual",
        ID=one.id,
        MaterialDefinitionID=record.header.product,
        MaterialLotID=record.header.batch if one.level else "",
        MaterialSubLotID=one.id,
        MaterialUse=code(use, known=USES),
        Quantity=_quantity(repr(one.volume_ml), "mL"),
        MaterialActualProperty=[
            *(_property(name, text) for name, text in told.items() if text),
            *(_property(name, repr(seconds), unit="s", sort="double") for name, seconds in times.items()),
        ],
    )
