"""Driver of Thermo Cytomat incubators through the unmodified back end of PyLabRobot."""
