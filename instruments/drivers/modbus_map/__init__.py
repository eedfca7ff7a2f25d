"""Any device whose Modbus registers are published: a driver whose device is a map, and the maps that come with it."""
