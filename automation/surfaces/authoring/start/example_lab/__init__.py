"""Operations, drivers, fakes and recipes of our own."""
