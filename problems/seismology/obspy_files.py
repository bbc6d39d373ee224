"""Reading through ObsPy: whatever it or an XML parser makes of a bad file becomes one line with file and place."""

from __future__ import annotations

import warnings
from pathlib import Path

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology.geography import missing


def obspy_read(reader: str, path, root: str, what: str):
    """What ``obspy.read_events`` or ``obspy.read_inventory`` makes of a file.

    Parameters
    ----------
    reader : str
        Name of the function of ObsPy.
    path : path-like
    root : str
        Name of the outermost element when the file is XML of the usual kind: ``quakeml``, say.
    what : str
        What the file should be, in words.

    Raises
    ------
    InputError
        When ObsPy is not installed, or the file cannot be read, is not well-formed XML, or is something else.
    """
    try:
        import obspy
    except ImportError:
        raise missing("obspy") from None
    path = Path(path)
    try:
        with open(path, "rb") as file:
            beginning = file.read(256).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError as error:
        raise InputError(str(path), what, error.strerror, "check the path") from error
    if not beginning:
        raise InputError(str(path), what, "an empty file", "check the path")
    if beginning.startswith(b"<"):
        _well_formed(path, root, what)
    try:
        with warnings.catch_warnings():
            # Ids that other software would not take, fields that ObsPy does not know: nothing that is read here.
            warnings.simplefilter("ignore")
            return getattr(obspy, reader)(str(path))
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        NotImplementedError,
        OSError,
        SyntaxError,
    ) as error:
        got = f"something that ObsPy cannot read ({_one_line(error)})"
        raise InputError(str(path), what, got, "check the file against its format") from error


def _well_formed(path: Path, root: str, what: str) -> None:
    from lxml import etree

    try:
        # Files of this size are parsed twice without harm; entities are not resolved, nor anything fetched.
        tree = etree.parse(str(path), etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except etree.XMLSyntaxError as error:
        raise InputError(
            f"{path}, line {error.lineno}", f"well-formed XML ({what})", _one_line(error), "mend the file"
        ) from error
    found = etree.QName(tree.getroot()).localname
    known = {"quakeml": "read_events", "FDSNStationXML": "read_inventory"}
    if found != root and found in known:
        other = "a catalogue of events (QuakeML)" if found == "quakeml" else "an inventory of stations (StationXML)"
        raise InputError(str(path), what, other, "give the other file")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
