"""The exception that bad input raises, and the one that refuses a design."""


class InputError(ValueError):
    """A value that the user gave cannot be used: which one, what was expected, what came, what to do.

    Parameters
    ----------
    what : str
        The argument, setting or file, by the name under which the user knows it.
    expected : str
        What would have been accepted.
    got : object
        What came (shown with ``str``).
    remedy : str
        What the user can do about it.
    """

    def __init__(self, what: str, expected: str, got: object, remedy: str):
        super().__init__(f"{what}: expected {expected}, got {got}; {remedy}")
        self.what, self.expected, self.got, self.remedy = what, expected, got, remedy

    def __reduce__(self):
        # Else it could not come back from another process: an exception is made again from its message alone.
        return type(self), (self.what, self.expected, str(self.got), self.remedy)


class StepRejected(ValueError):
    """A design that cannot be simulated, though one nearer to the last may be: a line search is to take a shorter step."""
