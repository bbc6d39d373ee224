"""Drivers, stopping, history and resume; knows nothing of problems, tapes or solvers."""
