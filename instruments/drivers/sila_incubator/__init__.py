"""Incubators behind a SiLA 2 server, whose features a map names."""
