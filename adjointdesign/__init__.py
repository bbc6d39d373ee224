"""Inverse design with PDEs, where every gradient is exact and proven so."""

__version__ = "0.1.0"
