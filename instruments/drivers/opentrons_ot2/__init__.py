"""Driver of an Opentrons OT-2: PyLabRobot's unmodified back end writes its commands, our link sends them."""
