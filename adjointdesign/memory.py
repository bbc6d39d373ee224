"""How much memory there is, so that what cannot fit is refused before it is asked for."""

from __future__ import annotations

from pathlib import Path

from adjointdesign.errors import InputError

_PROC, _CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def available_memory() -> int | None:
    """Bytes that this process can still take: what the machine has free, or its control group allows if that is less.

    None where the system tells neither. Pages that the system merely keeps in case a file is read again count as free.
    """
    known = [room for room in (_machine(), _group()) if room is not None]
    return min(known) if known else None


def require_memory(what: str, bytes_needed: int, purpose: str, remedy: str) -> None:
    """Refuse what needs more memory than there is.

    Parameters
    ----------
    what : str
        The argument or setting that asks for it.
    bytes_needed : int
        How many bytes it needs at least.
    purpose : str
        What they are for.
    remedy : str
        What the user can do about it.

    Raises
    ------
    InputError
        When `available_memory` is known and less than that.
    """
    room = available_memory()
    if room is not None and bytes_needed > room:
        raise InputError(
            what, f"a size that fits in the {readable(room)} of memory available",
            f"one whose {purpose} need {readable(bytes_needed)}", remedy,
        )  # fmt: skip


def readable(size: int) -> str:
    """A number of bytes with its unit, such as ``1.5 GiB``."""
    power = min((max(int(size), 1).bit_length() - 1) // 10, 5)
    return f"{size / 2 ** (10 * power):.3g} {('bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB')[power]}"


def _machine() -> int | None:
    """``MemAvailable`` of the kernel, bytes."""
    kibibytes = _table(_PROC / "meminfo").get("MemAvailable:")
    return None if kibibytes is None else 1024 * kibibytes


def _group() -> int | None:
    """Least room below the limit of this process's control group and those above it (versions 1 and 2), bytes."""
    rooms = []
    for line in _text(_PROC / "self/cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            root, limit, used, cache = _CGROUPS, "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            root, limit, used = _CGROUPS / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
            cache = "total_inactive_file"
        else:
            continue
        own = root / path.lstrip("/")
        # Within a container the path may not be there: then only the group at the root is seen.
        for folder in (own, *own.parents):
            if folder.is_relative_to(root):
                most, taken = _text(folder / limit).strip(), _text(folder / used).strip()
                if most.isdigit() and taken.isdigit():
                    rooms.append(max(0, int(most) - int(taken) + _table(folder / "memory.stat").get(cache, 0)))
    return min(rooms, default=None)


def _table(path: Path) -> dict[str, int]:
    """Names and first numbers of the lines of a file."""
    rows = (line.split() for line in _text(path).splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}


def _text(path: Path) -> str:
    """Contents of a file; nothing where it cannot be read."""
    try:
        return path.read_text()
    except OSError:
        return ""
