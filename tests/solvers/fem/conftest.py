"""Tests that need Firedrake; they are skipped where `make install-fem` has not run."""

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("firedrake") else ["test_*.py"]
