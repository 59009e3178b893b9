"""A message's body as an HTML fragment, and the plain text of one that was read back.

Website channels share it. A fragment goes below a third-level heading: its own headings start at ``<h4>``.
"""

import re
from html.parser import HTMLParser

from markupsafe import Markup, escape

from crisis.channels import Earlier, Outgoing

_BLOCKS = frozenset(
    {
        "address",
        "article",
        "blockquote",
        "br",
        "div",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "li",
        "ol",
        "p",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    }
)
_HIDDEN = frozenset({"script", "style", "template"})
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
"""What XML 1.0 (section 2.2) has no place for, and DEL; one of these would break the whole feed."""


def fragment(said: Outgoing | Earlier) -> Markup:
    """The rendition's own HTML, made and escaped by our renderer; else its plain text as escaped paragraphs."""
    if said.html is not None:
        return Markup(printable(said.html))  # noqa: S704 - escaped where it was rendered, from our templates
    blocks = re.split(r"\n[ \t]*\n", printable(said.text).replace("\r\n", "\n").strip())
    return Markup("\n").join(
        Markup("<p>{}</p>").format(Markup("<br>").join(escape(line) for line in block.split("\n")))
        for block in blocks
        if block.strip()
    )


def printable(text: str) -> str:
    """The text without characters that no page and no feed may hold."""
    return _NOT_TEXT.sub("", text)


def plain_text(html: str, within: str | None = None) -> str | None:
    """The words of ``html``, one block a line, tags and scripts left out.

    With ``within``, only those of the element with that id; ``None`` when there is no such element.
    """
    reader = _Words(within)
    reader.feed(html)
    reader.close()
    if within is not None and not reader.found:
        return None
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)


class _Words(HTMLParser):
    def __init__(self, within: str | None) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.found = False
        self._within = within
        self._element = ""  # the tag of the wanted element, while inside it
        self._depth = int(within is None)  # how many of that tag are open
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._within is not None and not self.found and dict(attrs).get("id") == self._within:
            self.found, self._element, self._depth = True, tag, 1
        elif self._depth and tag == self._element:
            self._depth += 1
        self._hidden += tag in _HIDDEN
        self._break_at(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - its signature
        self._break_at(tag)

    def handle_endtag(self, tag: str) -> None:
        self._break_at(tag)
        self._hidden -= tag in _HIDDEN and self._hidden > 0
        self._depth -= tag == self._element and self._depth > 0

    def handle_data(self, data: str) -> None:
        if self._depth and not self._hidden:
            self.parts.append(data.replace("\n", " "))

    def _break_at(self, tag: str) -> None:
        if self._depth and tag in _BLOCKS:
            self.parts.append("\n")
