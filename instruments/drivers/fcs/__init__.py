"""Flow cytometers of any maker, through their FCS files."""
