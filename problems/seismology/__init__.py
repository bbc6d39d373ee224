"""Placing seismometers: catalogues, networks, and where, among what noise, stations may stand."""
