"""Taylor and dot-product tests, orders of convergence, checks of a solver, and the certificate of a problem."""
