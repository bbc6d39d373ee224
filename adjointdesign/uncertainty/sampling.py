"""Where the random numbers come from: each has a place of its own, whoever asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from adjointdesign.errors import InputError

METHODS = ("random", "sobol")
BITS = 30
"""Of Sobol's points, so at most as many a group; SciPy cannot begin in the middle of a sequence of more than 32."""


@dataclass(frozen=True)
class Block:
    """Consecutive samples: the number of the first one, how many."""

    first: int
    count: int


@dataclass(frozen=True)
class Sampling:
    """How many samples, which, and how they are shared out.

    Every number is that of its seed, stream, sample and column, so the samples depend neither on ``chunk`` nor on the number of
    ranks; and since sums are made block by block in the same order everywhere, an estimate is the same on any number of ranks,
    to the bit.

    Parameters
    ----------
    samples : int
        In all.
    seed : int or sequence of int
        Not negative.
    method : {"random", "sobol"}
        Philox (Salmon et al., SC11, doi 10.1145/2063384.2063405), whose counter is the sample's number; or Sobol's points in
        independent scramblings (Matousek, J. Complexity 14, 527 (1998), by SciPy), one a group: randomized quasi-Monte Carlo.
    groups : int
        Parts of the samples, at least 2: what is learned from the others corrects each without bias. With "sobol" the spread of
        the groups gives the standard errors, and ``samples / groups`` is a power of two.
    chunk : int
        Most samples at a time: with n parameters a sample takes a few times ``8 n`` bytes.
    stream : int
        Different streams of one seed are independent.
    comm : mpi4py communicator, optional
        Its ranks share the work; each gets the result. All must ask for the same.

    Raises
    ------
    InputError
        When a number is not as above.
    """

    samples: int
    seed: int | Sequence[int] = 0
    method: str = "random"
    groups: int = 32
    chunk: int = 4096
    stream: int = 0
    comm: object = None

    def __post_init__(self):
        if self.method not in METHODS:
            raise InputError("method", f"one of {', '.join(METHODS)}", self.method, "choose one of these")
        for name, least in (("samples", 2), ("groups", 2), ("chunk", 1), ("stream", 0)):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or value < least:
                raise InputError(name, f"an integer of at least {least}", value, "correct the number")
        if any(not isinstance(s, (int, np.integer)) or s < 0 for s in np.atleast_1d(np.asarray(self.seed, dtype=object))):
            raise InputError("seed", "integers that are not negative", self.seed, "correct the seed")
        each = self.samples // self.groups
        if self.method == "sobol" and (each * self.groups != self.samples or each < 1 or each & (each - 1)):
            near = self.groups << max(0, round(np.log2(max(1.0, self.samples / self.groups))))
            expected = f"{self.groups} groups of a power of two each"
            raise InputError("samples", expected, self.samples, f"take {near}, or another number of groups")

    def with_stream(self, stream: int) -> Sampling:
        """The same with another, independent stream."""
        return replace(self, stream=stream)

    @property
    def edges(self) -> np.ndarray:
        """Number of each group's first sample, and of all samples."""
        groups = min(self.groups, self.samples)
        return np.arange(groups + 1) * self.samples // groups

    def blocks(self, multiple: int = 1) -> list[Block]:
        """All samples in order, at most ``chunk`` at a time, always a multiple of ``multiple``.

        Raises
        ------
        InputError
            When a group is not a multiple, or the chunk is less.
        """
        chunk = self.chunk // multiple * multiple
        if self.method == "sobol":  # whole groups, or equal parts of them
            chunk = 1 << (self.chunk.bit_length() - 1)
        if chunk == 0 or chunk % multiple:
            expected = f"a multiple of the {multiple} samples that are evaluated together"
            raise InputError("chunk", expected, self.chunk, "change it")
        if np.any(self.edges % multiple):
            expected = f"groups that are multiples of the {multiple} samples that are evaluated together"
            raise InputError("samples", expected, f"{self.samples} in {len(self.edges) - 1} groups", "change one of them")
        return [Block(k, min(chunk, self.samples - k)) for k in range(0, self.samples, chunk)]

    def uniforms(self, block: Block, dimension: int) -> np.ndarray:
        """Numbers strictly between 0 and 1, shape (block.count, dimension)."""
        return (self._random if self.method == "random" else self._sobol)(block, dimension)

    def _sequence(self, *key: int) -> np.random.SeedSequence:
        entropy = [int(s) for s in np.atleast_1d(np.asarray(self.seed, dtype=object))]
        return np.random.SeedSequence(entropy, spawn_key=(self.stream, *key))

    def _random(self, block: Block, dimension: int) -> np.ndarray:
        steps = -(-dimension // 4)  # a step of Philox's counter gives four numbers
        key = self._sequence().generate_state(2, np.uint64)
        generator = np.random.Generator(np.random.Philox(key=key, counter=block.first * steps))
        numbers = generator.random((block.count, 4 * steps))[:, :dimension]
        return np.maximum(numbers, 2.0**-54)

    def _sobol(self, block: Block, dimension: int) -> np.ndarray:
        from scipy.stats.qmc import Sobol  # imported late: 0.5 s

        size, parts, stop = self.samples // self.groups, [], block.first + block.count
        for group in range(block.first // size, -(-stop // size)):
            first, last = max(block.first, group * size), min(stop, (group + 1) * size)
            engine = Sobol(dimension, scramble=True, bits=BITS, rng=np.random.default_rng(self._sequence(group)))
            if first > group * size:
                engine.fast_forward(first - group * size)
            parts.append(engine.random(last - first))
        return np.concatenate(parts) + 2.0 ** -(BITS + 1)
