"""Element sets of Abaqus files. meshio puts those that are named with their elements into wrong blocks, and keeps only one
of several of the same name; here they are right."""

from __future__ import annotations

import numpy as np

from adjointdesign.errors import InputError


def abaqus_sets(path, sizes: list[int]) -> dict[str, list[np.ndarray]]:
    """Read the element sets of an Abaqus file: those of ``*ELEMENT, ELSET=``, and ``*ELSET`` with numbers, ranges or sets.

    Parameters
    ----------
    path : Path
        Of the file.
    sizes : list of int
        Number of elements of every block, as meshio read them; a line each.

    Returns
    -------
    dict of str to list of ndarray
        For each set the members of every block.

    Raises
    ------
    InputError
        When the file includes others, elements take several lines, or a set lists what is not there.
    """
    blocks: list[list[int]] = []
    sets: dict[str, list] = {}
    keyword, name, generate = "", None, False
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            words = [word.strip() for word in line.strip().strip(",").split(",")]
            if line.startswith("**") or not words[0]:
                continue
            if line.startswith("*"):
                keyword = words[0].upper()
                options = {key.strip().upper(): value.strip() for key, _, value in (w.partition("=") for w in words[1:])}
                name, generate = options.get("ELSET"), "GENERATE" in options
                if keyword == "*INCLUDE":
                    raise InputError(f"mesh file {path.name}", "one file", "an *INCLUDE", "write everything into one file")
                if keyword == "*ELEMENT":
                    blocks.append([])
                if name is not None and keyword in ("*ELEMENT", "*ELSET"):
                    sets.setdefault(name, [])
            elif keyword == "*ELEMENT":
                blocks[-1].append(int(words[0]))
                if name is not None:
                    sets[name].append(int(words[0]))
            elif keyword == "*ELSET" and name is not None:
                if generate:
                    first, last, *step = map(int, words)
                    sets[name] += range(first, last + 1, *step)
                else:
                    for word in words:
                        if not word.isnumeric() and word not in sets:
                            raise InputError(f"mesh file {path.name}", f"set {name} of sets that are there", word, "define it before")
                        sets[name] += [int(word)] if word.isnumeric() else sets[word]
    if [len(block) for block in blocks] != sizes:
        raise InputError(f"mesh file {path.name}", "every element on a line of its own", "longer ones", "write the file again")
    return {name: [np.flatnonzero(np.isin(block, members)) for block in blocks] for name, members in sets.items()}
