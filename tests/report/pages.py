"""A page, taken apart with the standard library."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "hr", "input"}
Attributes = dict[str, str | None]


@dataclass
class Cell:
    attributes: Attributes
    text: str = ""
    value: str | None = None


@dataclass
class Grid:
    caption: str = ""
    rows: list[list[Cell]] = field(default_factory=list)

    def texts(self) -> list[list[str]]:
        return [[cell.text.strip() for cell in row] for row in self.rows]


class Page(HTMLParser):
    """Tags that open and close, tables, text; anything not closed properly is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, Attributes]] = []
        self.tables: list[Grid] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], f"never closed: {self._open}"

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self.tables.append(Grid())
        elif tag == "tr":
            self.tables[-1].rows.append([])
        elif tag in ("td", "th"):
            self.tables[-1].rows[-1].append(Cell(attributes))
        elif tag == "data":
            self.tables[-1].rows[-1][-1].value = attributes["value"]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.text += data
        if self._open and self._open[-1] == "caption":
            self.tables[-1].caption += data
        elif {"td", "th"} & set(self._open):
            self.tables[-1].rows[-1][-1].text += data


def names_elsewhere(html: str) -> list[str]:
    """Whatever a browser would load: addresses in attributes and in style sheets."""
    found = []
    for _, attributes in Page(html).tags:
        for name, value in attributes.items():
            loads = name in ("src", "href", "xlink:href", "action", "srcset", "data", "poster")
            if value and ((loads and not value.startswith("#")) or "url(" in value.replace("url(#", "")):
                found.append(value)
    style = html.partition("<style>")[2].partition("</style>")[0]
    return found + [word for word in ("url(", "@import", "http") if word in style]
