"""Which parts each element of BatchML has that is written here, in their order, with how often they may come.

A part is written ``name kind count``: kind is another element's, or the name of a simple one; count is ``1``, ``?``,
``*`` or ``+``. Only what this program writes is listed; what the schema allows beside it is left out.
The Business To Manufacturing Markup Language (B2MML) is used courtesy of MESA International.
Source: MESA B2MML-BatchML 7.0.1, schemas of BatchProductionRecord, BatchInformation, OperationsPerformance, Common.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of an element."""

    name: str
    kind: str
    needed: bool
    many: bool


_ENTRY = "EntryID id 1, ObjectType code 1, TimeStamp time ?, ExternalReference id ?, Description text *"
_TEXT: Final[Mapping[str, str]] = {
    "Record": f"""ID id 1, {_ENTRY}, EquipmentScope id ?, PublishedDate time ?, CreationDate time ?, BatchID id ?,
        BatchProductionRecordSpec id ?, ChangeIndication text ?, Language code ?, LastChangedDate time ?, LotID id ?,
        MaterialDefinitionID id ?, RecordStatus code ?, Version id ?, ChangeHistory Changes ?, Comments Comments ?,
        ControlRecipes ControlRecipes ?, DataSets DataSets ?, Events Events ?, MasterRecipes MasterRecipes ?,
        PersonnelIdentification People ?, OperationsPerformances Performances ?, RecipeElements Elements ?,
        ResourceQualifications Qualifications ?, Samples Samples ?""",
    "Changes": "Change Change *",
    "Change": f"{_ENTRY}, RecordReference id 1, PrechangeData Value +, Reason text *",
    "Comments": "Comment Comment *",
    "Comment": f"{_ENTRY}, RecordReference id 1, CommentText text +, PersonID text ?",
    "ControlRecipes": "ControlRecipeRecord ControlRecipeRecord *",
    "ControlRecipeRecord": f"{_ENTRY}, ControlRecipe ControlRecipe 1",
    "ControlRecipe": """ID id 1, Version id ?, Description text *, BatchID id ?, Header Header ?,
        OtherInformation Other *""",
    "MasterRecipes": "MasterRecipeRecord MasterRecipeRecord *",
    "MasterRecipeRecord": f"{_ENTRY}, MasterRecipe MasterRecipe 1",
    "MasterRecipe": "ID id 1, Version id ?, Description text *, Header Header ?, OtherInformation Other *",
    "Header": "ProductName id ?",
    "Other": "ID id ?, Value BatchValue *, Description text *",
    "DataSets": "DataSet DataSet *",
    "DataSet": f"""{_ENTRY}, TrendSystemReference id ?, StartTime time ?, EndTime time ?, TimeSpecification Relative ?,
        TagSpecification Tag +, DelimitedDataBlock Block 1""",
    "Relative": "Relative code ?",
    "Tag": """TagIndex number 1, DataType code 1, UnitOfMeasure code 1, DataSource id *, Alias id *,
        ProceduralElementReference id *""",
    "Block": "TagDelimiter text 1, OrderDelimiter text 1, DelimitedData text 1",
    "Events": "Event Event *",
    "Event": f"""{_ENTRY}, EventType code 1, EventSubType code 1, EquipmentID id *, Value Value *,
        PreviousValue Value *, MessageText text *, PersonID text *, ComputerID id *,
        ProceduralElementReference id *, Category id *, AssociatedEventID id *""",
    "People": "PersonnelIdentificationManifest Person *",
    "Person": f"{_ENTRY}, RecordReference id 1, Name text +, ChangeIndication text 1, Reason text ?",
    "Performances": "OperationsPerformanceRecord PerformanceRecord *",
    "PerformanceRecord": f"{_ENTRY}, OperationsPerformance Performance 1",
    "Performance": """ID id 1, Description text *, StartTime time ?, Endtime time ?, OperationsType code ?,
        PerformanceState code ?, OperationsResponse Response +""",
    "Response": """ID id 1, StartTime time ?, EndTime time ?, OperationsType code ?, ResponseState code ?,
        SegmentResponse Segment +""",
    "Segment": """ID id 1, Description text *, ActualStartTime time ?, ActualEndTime time ?, OperationsType code ?,
        ProcessSegmentID id *, SegmentState code ?, SegmentData Data *, PersonnelActual PersonnelActual *,
        EquipmentActual EquipmentActual *, MaterialActual MaterialActual *""",
    "Data": "ID id 1, Description text *, Value Value *",
    "PersonnelActual": "ID id 1, PersonID id *, PersonnelUse code ?",
    "EquipmentActual": """ID id 1, EquipmentClassID id *, EquipmentID id *, Description text *, EquipmentUse code ?,
        EquipmentActualProperty Property *""",
    "MaterialActual": """ID id 1, MaterialDefinitionID id *, MaterialLotID id *, MaterialSubLotID id *,
        Description text *, MaterialUse code ?, Quantity Quantity *, MaterialActualProperty Property *""",
    "Property": "ID id 1, Value Value *",
    "Elements": "RecipeElementRecord ElementRecord *",
    "ElementRecord": f"{_ENTRY}, RecipeElementType Element 1",
    "Element": """ID id 1, Description text *, RecipeElementType code 1, BuildingBlockElementID id ?,
        BuildingBlockElementVersion id ?, ActualEquipmentID id *, Parameter Parameter *, OtherInformation Other *""",
    "Parameter": "ID id 1, Description text ?, ParameterType code 1, Value BatchValue *",
    "Qualifications": "ResourceQualificationsManifest Qualification *",
    "Qualification": f"""{_ENTRY}, RecordReference id 1, ResourceID id 1, ResourceUse id 1, ResourceType id 1,
        QualificationStatus code 1, ExpirationTimeStamp time ?""",
    "Samples": "Sample Sample *",
    "Sample": f"""{_ENTRY}, SampleSourceID id ?, SampleType code *, ProceduralElementReference id *,
        SampleTest Test *""",
    "Test": f"{_ENTRY}, TestCode code ?, TestName id ?, SampleTestResult TestResult *",
    "TestResult": f"{_ENTRY}, TestDisposition id ?, AnalysisUsed code *, Results Value *, ExpectedResults Value *",
    "Value": "ValueString text 1, DataType code ?, UnitOfMeasure code ?, Key id ?",
    "BatchValue": "ValueString text +, DataInterpretation code 1, DataType code 1, UnitOfMeasure code 1",
    "Quantity": "QuantityString text 1, DataType code ?, UnitOfMeasure code ?",
}
SIMPLE: Final = frozenset({"id", "code", "text", "time", "number"})


def _pieces(text: str) -> tuple[Piece, ...]:
    words = (part.split() for part in text.split(","))
    return tuple(Piece(name, kind, count in "1+", count in "*+") for name, kind, count in words)


PIECES: Final[Mapping[str, tuple[Piece, ...]]] = {kind: _pieces(text) for kind, text in _TEXT.items()}
"""The parts of each kind of element, in the order of the schema."""
