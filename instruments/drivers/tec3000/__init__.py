"""MVE TEC 3000 (Thermo CryoExtra CE8100): the controller of liquid nitrogen stores."""
