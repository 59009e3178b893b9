"""Phrasing: how texts are put together from what editors wrote. The templates use these as filters and tests."""

import re


def sentence(text: str) -> str:
    """The text with an end: a full stop where it has no mark of its own. Nothing stays nothing."""
    text = text.rstrip(" ,;:\n")
    return text if not text or re.search(r"[.!?\u2026][)\]\"'\u00bb\u201d\u2019]*$", text) else f"{text}."


def paragraphs(text: str) -> list[list[str]]:
    """Paragraphs, which blank lines divide, each as its lines."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return [[line.strip() for line in block.split("\n")] for block in blocks if block.strip()]


def said_in(phrase: str, text: str) -> bool:
    """Whether ``text`` has all the words of ``phrase``, in their order and next to each other."""
    wanted, given = (" ".join(re.findall(r"\w+", each.casefold())) for each in (phrase, text))
    return f" {wanted} " in f" {given} "


def tidied(text: str, *, one_line: bool) -> str:
    """What a text template gave, without the gaps that empty parts leave; one line of it for short forms."""
    if one_line:
        return " ".join(text.split())
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def dense(html: str) -> str:
    """A fragment without the template's indents and empty lines."""
    return "\n".join(filter(None, (line.strip() for line in html.split("\n"))))


def shown(html: str) -> str:
    """The words of a fragment, tags left out."""
    return re.sub(r"<[^<>]*>", "", html).strip()
