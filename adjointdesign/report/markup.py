"""Pieces of HTML: everything is escaped unless it is marked as markup already."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from html import escape


class Markup(str):
    """Text that is HTML already."""


def text(value: object) -> Markup:
    """A value as HTML: markup as it is, anything else escaped."""
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """An element; ``class_`` stands for the attribute ``class``."""
    given = "".join(f' {key.rstrip("_")}="{escape(str(value))}"' for key, value in attributes.items())
    return Markup(f"<{name}{given}>{''.join(map(text, children))}</{name}>")


def join(parts: Iterable[object], separator: str = "\n") -> Markup:
    """Parts as one piece of markup; what is empty is left out."""
    return Markup(separator.join(text(part) for part in parts if part))


def table(head: Sequence[object], rows: Iterable[Sequence[object]], *, wide: bool = True) -> Markup:
    """A table in a box that scrolls sideways on a narrow screen; no head when ``head`` is empty."""
    top = tag("thead", tag("tr", *(_heading(cell) for cell in head))) if head else ""
    body = tag("tbody", *(tag("tr", *(_cell(cell) for cell in row)) for row in rows))
    return tag("div", tag("table", top, body, **({"class_": "wide"} if wide else {})), class_="scroll")


def _heading(cell: object) -> Markup:
    """A column's name, aligned as the column's cells are: that of a column of numbers is given as ``number(name)``."""
    if isinstance(cell, Markup) and cell.startswith("<td"):
        return Markup('<th scope="col" class="n">' + cell.partition(">")[2].removesuffix("</td>") + "</th>")
    return tag("th", cell, scope="col")


def row_name(value: object) -> Markup:
    """A cell that names its row."""
    return tag("th", value, scope="row")


def reading(name: str) -> Markup:
    """A reading's name, an S-parameter with its subscript."""
    if name[:1] == "S" and name[1:].isdigit():
        return Markup(tag("i", "S") + tag("sub", name[1:]))
    return text(name)


def _cell(cell: object) -> Markup:
    return cell if isinstance(cell, Markup) and cell.startswith(("<td", "<th")) else tag("td", cell)


def number(value: object) -> Markup:
    """A cell whose content is set as a number."""
    return tag("td", value, class_="n")


def mark(good: bool | None, words: str = "") -> Markup:
    """A verdict that does not depend on color alone."""
    if good is None:
        return tag("span", words or "–", class_="quiet")
    symbol = "✓" if good else "✗"
    return tag("span", f"{symbol} {words}".rstrip(), class_="good" if good else "bad")


def picture(content: bytes | None, description: str, caption: object = "", class_: str = "") -> Markup:
    """A PNG file embedded in the page, or nothing."""
    if content is None:
        return Markup("")
    source = "data:image/png;base64," + base64.b64encode(content).decode("ascii")
    image = Markup(f'<img src="{source}" alt="{escape(description)}">')
    return tag("figure", image, tag("figcaption", caption) if caption else "", class_=f"card {class_}".strip())


def decibels(value: float, digits: int = 2) -> str:
    """A number of dB with a true minus sign."""
    return f"{value:.{digits}f}".replace("-", "−")


def scientific(value: float, digits: int = 1) -> Markup:
    """A small number as 1.2 × 10⁻¹², a power of ten as that."""
    if value == 0 or not math.isfinite(value):
        return text(f"{value:g}")
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    power = f"10<sup>{int(exponent)}</sup>".replace("-", "−")
    return Markup(power if float(mantissa) == 1 else f"{mantissa} × {power}".replace("-", "−"))


def duration(seconds: float) -> str:
    """A time in the units in which people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 90:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size(count: int) -> str:
    """A number of bytes, short."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
