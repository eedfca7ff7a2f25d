"""Driver of a Vi-CELL XR through the folder into which it exports its results; nothing is commanded.

Wire:   result files (see ``wire``).
Units:  cells/mL, %; s.
Source: rules for dropped files: complete when size and time stand still, hashed before parsing, the original kept,
        matched by sample alone, the same bytes noted once.
"""

from instruments.drivers.folder_counter import Model
from instruments.drivers.vicell_xr import wire

FACTORY = Model(maker="Beckman Coulter", model="Vi-CELL XR", reader=wire.READER, suffixes=(".txt", ".xlsx")).factory()
