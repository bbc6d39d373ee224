"""``make install-fem``: Firedrake and PETSc, found or built, in the environment that calls this package."""
