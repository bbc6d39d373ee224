"""The families of cases, a module each with a tuple ``CASES``, and what they compute with."""
