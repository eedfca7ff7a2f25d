"""Driver of a Hamilton STAR through the unmodified back end of PyLabRobot."""
