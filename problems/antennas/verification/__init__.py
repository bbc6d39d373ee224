"""Antennas, resonators, lines and scatterers against published values: what `adjointdesign references` runs."""
