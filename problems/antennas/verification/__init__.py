"""Antennas, resonators, lines and scatterers against published values and closed forms; `adjointdesign references` runs them."""
