"""Oxford Cryosystems Cryostream, 700 series: a ramping stream of cold gas."""
