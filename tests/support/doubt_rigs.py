"""What the doubt matrix needs of each driver: its fake, how each effect is brought about, and what hands disturb it.

A driver joins by one entry of ``RIGS``, an effect of an interface by a scene; a driver without a line needs none.
Units: mL, uL, degC, s of simulated time.
"""

from collections.abc import Mapping

from automation.engine.handles import Container
from automation.formulas.gating import Bound, Compensation, Gate, Strategy
from automation.kernel.quantity import Cells, Celsius, KelvinPerMinute, Millilitres, Seconds, TimesGravity
from fakes.contents import filled
from fakes.faults import FaultKind
from fakes.rotea import SIM_RUNS, WASH, FakeRotea
from fakes.world import Container as Vessel
from fakes.world import World
from instruments.interfaces.bioreactor import Perfusion
from instruments.interfaces.cell_washer import Acknowledgement, Waiting
from instruments.interfaces.centrifuge import SpinProgram
from instruments.interfaces.incubator import SetPoints
from instruments.interfaces.label_printer import Label
from instruments.interfaces.measuring import SetPoint
from instruments.interfaces.plate_washer import Drain, PlateWash, Routine, Tray
from instruments.interfaces.pump import PumpSetting
from instruments.interfaces.ramp import Ramp
from tests.support import bioreactors
from tests.support.doubt_freezers import BAG, FREEZER_RIGS, OPEN_LID
from tests.support.doubt_scene import LINK, LOOK, Do, Else, Hand, Rig, Scene
from tests.support.freezers import START
from tests.support.liquid_handlers import PRODUCT as DECK_PRODUCT
from tests.support.liquid_handlers import bring, draw, give, tips
from tests.support.washers import PAUSE, furnished, program

# washers

DOOR_FORCED = Else((("door", {"open": True, "forced": True}),))
READY = (Do("prepare", {"program": program(FakeRotea(World(1), LINK, pause_word=PAUSE))}),)
BAGS = {"source": Container("HARVEST"), "product": Container("WASHED")}
WASHES = (*READY, Do("start", BAGS), Do(wait=60.0))
BUBBLE = {"waiting": Waiting.BUBBLE, "answer": Acknowledgement.CONTINUE, "step": 2}
WASHER: Mapping[str, Scene] = {
    "identify": LOOK,
    "look": LOOK,
    "flows": LOOK,
    "prepare": Scene(arguments=READY[0].arguments, other=Else((("kit", {}),))),
    "prepared": Scene(READY, READY[0].arguments),
    "start": Scene(READY, BAGS, other=DOOR_FORCED),
    "acknowledge": Scene((*WASHES, Do(hand=("bubble", {}))), BUBBLE, other=Else((("pause", {}),))),
    "pause": Scene(WASHES, other=DOOR_FORCED),
    "skip": Scene(WASHES, {"step": 2}, other=DOOR_FORCED),
    "history": LOOK,
}
CONNECTED: tuple[Hand, ...] = (
    ("select", {"protocol": WASH}),
    ("kit", {"id": "KIT-1"}),
    *(
        ("connect", {"line": line, "container": name})
        for line, name in (("source", "HARVEST"), ("product", "WASHED"), ("buffer", "BUFFER"))
    ),
)

# liquid handlers

SET_UP = (Do("set_up"),)
TIPS_ON = (*SET_UP, Do("pick_up", {"tips": tips(2)}))
DRAWN = (*TIPS_ON, Do("aspirate", {"moves": (draw(200.0), draw(200.0, 2)), "containers": DECK_PRODUCT}))
BARE = Else((("remove tips", {}),))


UNDONE = "a set-up that a power cut has undone is made once more; a handler that is ready does not move"
TAKEN_OFF = "tips that a hand took off look like tips never picked up: it is tried again, and each channel says no tip"


def _handler(prepares: str, sensed: Mapping[str, str]) -> Mapping[str, Scene]:
    return {
        "identify": LOOK,
        "deck": LOOK,
        "look": LOOK,
        "set_up": Scene(counts=prepares, known={"rebooted": UNDONE}),
        "pick_up": Scene(SET_UP, {"tips": tips(2)}, other=BARE, known=sensed),
        "aspirate": Scene(TIPS_ON, DRAWN[-1].arguments, other=BARE),
        "dispense": Scene(DRAWN, {"moves": (give(200.0), give(200.0, 2)), "containers": DECK_PRODUCT}, other=BARE),
        "drop": Scene(TIPS_ON, {"tips": tips(2, to="waste.A1")}, other=BARE),
    }


RUN_TAKEN = "a set-up is gone with its run when somebody begins another; it is made once more, which homes the arm"
_ALONE = (*SET_UP, Do("pick_up", {"tips": tips(1)}))
_DREW = (*_ALONE, Do("aspirate", {"moves": (draw(200.0),), "containers": DECK_PRODUCT}))
_SINGLE: Mapping[str, Scene] = {  # its channels go one after the other, and each is counted
    "identify": LOOK,
    "deck": LOOK,
    "look": LOOK,
    "set_up": Scene(counts="set up", known={"rebooted": UNDONE, "something else": RUN_TAKEN}),
    "pick_up": Scene(SET_UP, {"tips": tips(1)}),
    "aspirate": Scene(_ALONE, _DREW[-1].arguments),
    "dispense": Scene(_DREW, {"moves": (give(200.0),), "containers": DECK_PRODUCT}),
    "drop": Scene(_ALONE, {"tips": tips(1, to="waste")}),
}


def deck_world() -> World:
    """Give a world with a full trough and empty vials."""
    world = World(1)
    bring(world)
    return world


ON_DECK: tuple[Hand, ...] = tuple(
    ("place", {"position": position, "container": name}) for name, position in bring(World(1)).items()
)

# centrifuges

SPIN = {"program": SpinProgram(TimesGravity(800.0), Seconds(600.0), Celsius(32.0), 5)}
SET = (Do("prepare", SPIN),)
SPINS = (*SET, Do("start", BAG), Do(wait=20.0))
CENTRIFUGE: Mapping[str, Scene] = {
    "identify": LOOK,
    "look": LOOK,
    "rotor": LOOK,
    "prepare": Scene(arguments=SPIN),
    "prepared": Scene(SET),
    "start": Scene(SET, BAG, other=Else((("start", {}), ("stop", {})), FaultKind.LOSE_COMMAND, acts=1)),
    "stop": Scene(SPINS, other=Else((("key", {"lock": 1}),))),
}
LID_OPEN = Else((("lid", {"open": True}),))
DECLARED = {"radius": "189", "differ_at_most": "5", "program": "7", "temperature": "32", "brake": "5"}

# pumps

NOT_TURNED = (
    "a pump cut off before it has turned looks like one that was never started; it stands, and is started again"
)
FLOWS = {"source": Container("HARVEST"), "dest": Container("WASHED")}
PUMP: Mapping[str, Scene] = {
    "identify": LOOK,
    "look": LOOK,
    "prepare": Scene(arguments={"setting": PumpSetting(100.0, clockwise=True)}),
    "start": Scene(arguments=FLOWS, known={"rebooted": NOT_TURNED}),
    "stop": Scene((Do("start", FLOWS), Do(wait=20.0))),
}
PUMP_SET = Do("prepare", {"setting": PumpSetting(50.0, clockwise=True)})
CHANNEL: Mapping[str, Scene] = {
    "look": Scene((PUMP_SET,)),
    "start": Scene((PUMP_SET,), FLOWS),
    "stop": Scene((PUMP_SET, Do("start", FLOWS), Do(wait=20.0))),
}

# bioreactors

KEPT_ALIVE = {"set_points": bioreactors.KEPT}
ROCKS = (Do("keep", KEPT_ALIVE), Do("start", {"culture": bioreactors.CULTURE}), Do(wait=20.0))
RESTS = (*ROCKS, Do("hold"))
FEED = {"medium": bioreactors.MEDIUM, "culture": bioreactors.CULTURE, "volume": Millilitres(100.0), "task": "feed 1"}
THROUGH = {"medium": bioreactors.MEDIUM, "culture": bioreactors.CULTURE, "waste": bioreactors.WASTE}
PERFUSE = {**THROUGH, "perfusion": Perfusion(30.0)}
BIOREACTOR: Mapping[str, Scene] = {
    "identify": LOOK,
    "look": LOOK,
    "values": LOOK,
    "set_points": LOOK,
    "keep": Scene(arguments=KEPT_ALIVE),
    "start": Scene((Do("keep", KEPT_ALIVE),), {"culture": bioreactors.CULTURE}),
    "hold": Scene(ROCKS),
    "resume": Scene(RESTS),
    "stop": Scene(ROCKS),
    "feed": Scene(ROCKS, FEED),
    "fed": Scene((*ROCKS, Do("feed", FEED)), {"task": "feed 1"}),
    "perfuse": Scene(ROCKS, PERFUSE),
    "perfusion": LOOK,
    "end_perfusion": Scene((*ROCKS, Do("perfuse", PERFUSE))),
}

# plate washers

WELLS = Do("prepare", {"wash": PlateWash(3, 50, 5, 0)})
ON_TRAY = Do(hand=("load", {}))
PLATES: Mapping[str, Scene] = {
    "identify": LOOK,
    "look": LOOK,
    "move_tray": Scene(arguments={"to": Tray.OUT}),
    "prepare": Scene(arguments=WELLS.arguments),
    "wash": Scene((ON_TRAY, WELLS), {"plate": Container("PLATE")}),
    "prime": Scene(arguments={"routine": Routine.SHORT}),
    "drain": Scene(arguments={"what": Drain.SPILL_TRAY}),
    "recover": Scene((Do(hand=("error", {"code": "15"})),)),
}

# ramping devices

STREAMS = (
    "it says how it is every second, whether it is asked or not; only a cut cable silences it, and then nothing acts"
)
COLDER = Do("ramp", {"ramp": Ramp(KelvinPerMinute(1.0), Celsius(4.0))})
RAMPING: Mapping[str, Scene] = {
    "identify": LOOK,
    "look": LOOK,
    "ramp": Scene(arguments=COLDER.arguments),
    "hold": Scene((COLDER, Do(wait=30.0))),
    "rest": Scene((COLDER, Do(wait=30.0))),
}
STARTED = Else((("key", {"key": "stop"}), ("key", {"key": "start"})))

# what is small

ON_PAN = Do(hand=("load", {"mass": 17.0}))
TARED = (ON_PAN, Do(wait=5.0), Do("tare"), Do(hand=("load", {"mass": 0.0})), Do(wait=5.0))
BALANCE: Mapping[str, Scene] = {
    "identify": LOOK,
    "weigh": Scene((ON_PAN,)),
    "look": Scene((ON_PAN,)),
    "tare": Scene((ON_PAN, Do(wait=5.0)), other=Else((("load", {"mass": 30.0}),))),
    "zero": Scene(TARED, other=Else((("load", {"mass": 30.0}),))),
}
KEPT = {"set_points": SetPoints(Celsius(37.0))}
FLASK = {"slot": 3, "containers": (Container("flask"),)}
STORING: Mapping[str, Scene] = {
    "identify": LOOK,
    "climate": LOOK,
    "set_points": LOOK,
    "keep": Scene(arguments=KEPT),
    "shuttle": LOOK,
    "set_up": Scene(counts="set up", known={"rebooted": UNDONE, "something else": UNDONE}),
    "store": Scene((Do("set_up"),), FLASK),
    "fetch": Scene((Do("set_up"), Do("store", FLASK)), FLASK),
}


def flask_world() -> World:
    """Give a world with a flask of culture."""
    world = World(1)
    contents = filled(Millilitres(30.0), live=Cells(30e6))
    world.add(Vessel("flask", "flask", contents=contents), place="bench", at=Celsius(22.0), now=START)
    return world


WEAK_FLOW = Else((("flow", {"share": 0.5}),))
SAMPLED = (Do("start"), Do(wait=70.0))
PARTICLES: Mapping[str, Scene] = {
    "identify": LOOK,
    "look": LOOK,
    "start": Scene(),
    "stop": Scene((Do("start"),)),
    "take": Scene(SAMPLED, {"record": 1}, other=Else((("read", {}),), FaultKind.LOSE_COMMAND, acts=1)),
}
SET_POINT = {"set_point": SetPoint("set point", -80.0, "degC")}
UNSEEN = "a printer acknowledges nothing: a label that never arrived looks like one that came out"
LABEL = {"label": Label("L-1", "CONTAINER:BAG-1", ("Bag 1",)), "container": Container("BAG-1")}
PRINTER: Mapping[str, Scene] = {
    "identify": LOOK,
    "status": LOOK,
    "print": Scene(
        arguments=LABEL,
        frame=b"^XA",
        later=1,
        other=Else((("head", {"open": True}),)),
        known={"command lost": f"{UNSEEN}; it is missed when it has to be scanned, and printed again"},
    ),
}
FOLDER = "a folder is no device: files stand there or not, and whoever shares it comes back with the same files"
SENDS = "the scanner sends by itself and is asked nothing; a read that is lost never arrived, and is scanned again"

GATE = Gate(name="CD3+", ranges=(Bound(channel="A", low=1.0),))
GATED = Strategy(name="t", compensation=Compensation.NONE, minimum=10, gates=(GATE,))
RESULT = {"identify": LOOK, "result": Scene(arguments={"sample": "S-1"})}
FOLDERS: Mapping[str, Mapping[str, Scene]] = {
    **dict.fromkeys(("vicell_blu", "vicell_xr", "cedex_hires", "countess", "nc_view", "nucleoview"), RESULT),
    **dict.fromkeys(("cedex_bio_ht", "flex2"), RESULT),
    "fcs": {"identify": LOOK, "populations": Scene(arguments={"sample": "S-1", "strategy": GATED})},
}


def _results(driver: str, scenes: Mapping[str, Scene]) -> Rig:
    """Give an instrument whose results are files; the folder is the same whoever writes into it."""
    dropped = Else((("drop", {"name": "other.csv", "text": "no result"}),))
    return Rig(f"{driver}_file", "vicell_blu_file", scenes, dropped, cannot={"rebooted": FOLDER})


WARM = (Do("keep", {"temperature": Celsius(37.0)}),)

RIGS: tuple[Rig, ...] = (
    *FREEZER_RIGS,
    Rig(
        "rotea",
        "rotea",
        WASHER,
        Else((("door", {"open": True}),)),
        {"pause_word": PAUSE, "runs_node": SIM_RUNS, "history_folder": "link"},
        furnish=CONNECTED,
        world=furnished,
    ),
    Rig(
        "hamilton_star",
        "hamilton_star",
        _handler("initialise", {"something else": TAKEN_OFF}),
        Else((("tips", {}),)),
        {"deck": "final-day-star"},
        furnish=ON_DECK,
        world=deck_world,
    ),
    Rig(
        "opentrons_ot2",
        "opentrons_ot2",
        _SINGLE,
        Else((("app", {}),)),
        {"deck": "bench-ot2"},
        furnish=ON_DECK[:3],
        world=deck_world,
    ),
    Rig("own_handler", "own_handler", _handler("set up", {}), Else((("tips", {}),)), furnish=ON_DECK, world=deck_world),
    Rig("vicell_blu_opcua", "vicell_blu_opcua", RESULT, Else((("fault", {}),))),
    Rig("hettich_460r", "hettich_460r", CENTRIFUGE, LID_OPEN, DECLARED),
    Rig("mt_sics", "mt_sics", BALANCE, Else((("load", {"mass": 30.0}),))),
    Rig("sartorius_sbi", "sartorius_sbi", BALANCE, Else((("load", {"mass": 30.0}),))),
    Rig(
        "lads_bioreactor",
        "rocking_bag",
        BIOREACTOR,
        Else((("gas", {"on": False}),)),
        furnish=bioreactors.HUNG,
        world=bioreactors.furnished,
    ),
    Rig("watson_marlow", "watson_marlow", PUMP, Else((("clamp", {"on": True}),))),
    Rig("reglo_icc", "reglo_icc", {**PUMP, **CHANNEL}, Else((("clamp", {"on": True}),))),
    Rig("curiox_ht2000", "curiox_ht2000", PLATES, Else((("stop", {}),))),
    Rig(
        "digital_inputs",
        "digital_inputs",
        {"identify": LOOK, "look": LOOK},
        Else((("work", {"contact": "door", "normal": False}),)),
        {"contacts": "door=0:closed, alarm=1:closed"},
    ),
    Rig("cryostream", "cryostream", RAMPING, STARTED, cannot={"can't say": STREAMS}),
    Rig("zpl_printer", "zpl_printer", PRINTER, Else((("pause", {"on": True}),))),
    Rig(
        "keysight_34970a",
        "keysight_34970a",
        {"identify": LOOK, "scan": LOOK},
        Else((("pull", {"probe": "sample"}),)),
        {"channels": "101=sample,102=chamber"},
        reboot=(("power", {}),),
    ),
    Rig(
        "echotherm",
        "echotherm",
        {"identify": LOOK, "look": LOOK, "keep": Scene(arguments={"temperature": Celsius(37.0)}), "rest": Scene(WARM)},
        Else((("idle", {}),)),
    ),
    Rig("tec3000", "tec3000", {"identify": LOOK, "look": LOOK}, OPEN_LID, {"full": "100"}),
    Rig(
        "memmert_atmoweb",
        "memmert_atmoweb",
        {"identify": LOOK, "climate": LOOK, "set_points": LOOK, "keep": Scene(arguments=KEPT)},
        Else((("door", {"open": True}),)),
    ),
    Rig(
        "sila_incubator",
        "sila_incubator",
        {"identify": LOOK, "climate": LOOK, "set_points": LOOK, "keep": Scene(arguments=KEPT)},
        Else((("door", {"open": True}),)),
        {"map": "cellwright_fake"},
    ),
    Rig(
        "cytomat",
        "cytomat",
        STORING,
        Else((("power", {"on": False}), ("power", {"on": True}))),
        {"model": "C6000", "racks": "21,21", "gases": "co2"},
        furnish=(("put", {"container": "flask"}),),
        world=flask_world,
    ),
    Rig("lighthouse", "lighthouse", PARTICLES, WEAK_FLOW, {"sizes": "0.5,5.0", "flow": "28.3"}),
    Rig(
        "modbus_map",
        "modbus_map",
        {"identify": LOOK, "look": LOOK, "set_points": LOOK, "keep": Scene(arguments=SET_POINT)},
        Else((("keep", {"name": "set point", "value": 4.0}),)),
        {"map": "watlow_f4t", "framing": "rtu"},
    ),
    *(_results(driver, scenes) for driver, scenes in FOLDERS.items()),
    Rig(
        "serial_scanner",
        "serial_scanner",
        {"identify": LOOK, "next_scan": Scene(arguments={"within": Seconds(1.0)})},
        Else(),
        cannot=dict.fromkeys(
            ("reply lost", "command lost", "rebooted", "something else", "can't say"),
            SENDS,
        ),
    ),
)

STANDS = "nothing is sent: a question stands open until a person has answered it, also over a restart of the program"
"""Why nobody can be in doubt about what a driver without a line was answered: there is a person behind it."""
