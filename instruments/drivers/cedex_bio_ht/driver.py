"""Driver of a Cedex Bio HT through the folder into which it exports its results; nothing is commanded.

Wire:   result files (see ``wire``).
Units:  those of the file, else those that the site states.
Source: rules for dropped files: complete when size and time stand still, hashed before parsing, the original kept,
        matched by sample alone, the same bytes noted once.
"""

from instruments.drivers.cedex_bio_ht import wire
from instruments.drivers.folder_analyser import Model

FACTORY = Model(maker="Roche", model="Cedex Bio HT", reader=wire.READER, suffixes=(".txt",), unstated={}).factory()
