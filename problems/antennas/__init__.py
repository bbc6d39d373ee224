"""Antennas."""
