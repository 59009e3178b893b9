"""Document: the file as it was written: strings, lists and maps, each with its line. Nothing is guessed and nothing is built.

PyYAML's parser does the grammar. What YAML can do beyond that is refused: anchors and aliases (a bomb of a few lines is gigabytes
when it is unfolded), tags (they build objects), several documents, and a key written twice (the last would win in silence). ``no``,
``0301``, ``10:30`` and ``1_000`` are text here, as they look.
"""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from crisis.playbooks.faults import PlaybookFault, PlaybookRefused

MOST_BYTES: Final = 256 * 1024
MOST_DEPTH: Final = 12
"""Maps and lists inside each other; a playbook has six."""
MOST_NODES: Final = 10_000
"""Texts, lists and maps in all; the shipped playbooks have about two thousand."""
MOST_ITEMS: Final = 200
"""Of one list, or keys of one map; the shipped playbooks have twenty."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where PyYAML was built with it
_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2 allows in no file (5.1, c-printable)."""

Way = tuple[str | int, ...]
"""Keys and positions from the top: ``("injects", 2, "via")``."""


@dataclass(slots=True)
class Node:
    """A text, a list or a map, and where it begins."""

    value: "str | list[Node] | dict[str, Node]"
    line: int
    """From 1."""
    key_lines: dict[str, int] = field(default_factory=dict)
    """Of a map: where each key stands."""

    def plain(self) -> Any:
        """The same without lines."""
        if isinstance(self.value, dict):
            return {key: each.plain() for key, each in self.value.items()}
        return [each.plain() for each in self.value] if isinstance(self.value, list) else self.value


@dataclass(frozen=True, slots=True)
class Document:
    """One file, read."""

    file: str
    top: Node

    def fault(self, way: Sequence[Any], said: str, nearest: str | None = None) -> PlaybookFault:
        """A fault of what stands there; of the nearest thing around it, where it does not stand at all."""
        return PlaybookFault(self.file, self.line_of(way), named(way), said, nearest)

    def line_of(self, way: Sequence[Any]) -> int:
        """The line of a key or an item; of what is nearest around it, where there is no such thing."""
        return self._found(way)[1]

    def at(self, way: Sequence[Any]) -> "str | list[Node] | dict[str, Node]":
        """What stands there."""
        return self._found(way)[0].value

    def _found(self, way: Sequence[Any]) -> tuple[Node, int]:
        node, line = self.top, self.top.line
        for step in way:
            if isinstance(node.value, dict) and step in node.value:
                node, line = node.value[step], node.key_lines[step]
            elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.line
            else:
                break
        return node, line


def named(way: Sequence[Any]) -> str:
    """The way to a value, as people write it: ``injects[2].via``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step[:80]}" for step in way).lstrip(".")


def bytes_of(path: Path) -> bytes:
    """The file's content, but never more of it than one byte over the most that a playbook may have.

    Raises :class:`PlaybookRefused` for what is not there, cannot be read, or is no ordinary file.
    """
    try:
        # Without O_NONBLOCK a named pipe that nobody writes to would be waited for.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _refused(path.name, 1, "This is no ordinary file. A playbook is a file of text.")
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _refused(
            path.name, 1, f"The file cannot be read ({error.strerror}). Check its name and its rights."
        ) from error


def parse(data: bytes, file: str) -> Document:
    """The document in these bytes. Raises :class:`PlaybookRefused`, with the first thing that makes it none, or with every
    anchor, tag and double key that it has.
    """
    if len(data) > MOST_BYTES:
        said = f"The file is larger than {MOST_BYTES // 1024} KB, and no playbook is. Nothing of it was read."
        raise _refused(file, 1, said)
    text = _decoded(data, file)
    reader = _Reader(file, text)
    try:
        top = reader.document()
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None) or str(error)
        line = mark.line + 1 if mark is not None else 1
        said = (
            f"This is no YAML: {problem}. Look at the indents, the quotes and the colons here and on the line before."
        )
        raise PlaybookRefused(file, [*reader.faults, PlaybookFault(file, line, "", said)]) from error
    if reader.faults:
        raise PlaybookRefused(file, reader.faults)
    return Document(file, top)


def _refused(file: str, line: int, said: str) -> PlaybookRefused:
    return PlaybookRefused(file, [PlaybookFault(file, line, "", said)])


def _decoded(data: bytes, file: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refused(file, line, "The file is not UTF-8. Save it as UTF-8 in your editor.") from error
    if strange := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, strange.start()) + 1
        raise _refused(file, line, f"There is a character here that is no text (U+{ord(strange[0]):04X}). Delete it.")
    return text


class _Reader:
    """From the parser's events to nodes, by hand: nothing of YAML that is not asked for comes through."""

    def __init__(self, file: str, text: str) -> None:
        self.faults: list[PlaybookFault] = []
        self._file, self._count = file, 0
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)

    def document(self) -> Node:
        """The one document. Raises :class:`PlaybookRefused` where there is none, or more than one."""
        next(self._events)
        begin = next(self._events)
        if isinstance(begin, yaml.StreamEndEvent):
            raise _refused(self._file, 1, "The file is empty. See docs/playbooks.md for how to write a playbook.")
        if begin.version or begin.tags:
            self._fault(begin, (), "Directives (%YAML, %TAG) are not allowed. Delete this line.")
        top = self._node(next(self._events), (), 1)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._stop(
                after, (), "A second document begins here. One file is one playbook: delete “---”, or split the file."
            )
        if not isinstance(top.value, dict):
            raise _refused(
                self._file, top.line, "A playbook is a map of keys, and this is none. See docs/playbooks.md."
            )
        return top

    def _node(self, event: Any, way: Way, depth: int) -> Node:
        self._count += 1
        if self._count > MOST_NODES:
            raise self._stop(event, way, f"The file has more than {MOST_NODES} texts, lists and maps. No playbook has.")
        if isinstance(event, yaml.AliasEvent):
            self._fault(
                event, way, f"“*{event.anchor}” is an alias, and aliases are not allowed. Write what it stands for."
            )
            return Node("", _line(event))
        if event.anchor is not None:
            self._fault(event, way, f"“&{event.anchor}” is an anchor, and anchors are not allowed. Delete it.")
        if event.tag is not None:
            self._fault(event, way, f"“{event.tag}” is a tag, and tags are not allowed: everything is text. Delete it.")
        if isinstance(event, yaml.ScalarEvent):
            return Node(event.value, _line(event))
        if depth > MOST_DEPTH:
            raise self._stop(
                event, way, f"There are more than {MOST_DEPTH} lists and maps inside each other here. No playbook has."
            )
        return (
            self._map(event, way, depth) if isinstance(event, yaml.MappingStartEvent) else self._list(event, way, depth)
        )

    def _list(self, begin: Any, way: Way, depth: int) -> Node:
        found: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            if len(found) == MOST_ITEMS:
                raise self._stop(
                    event, way, f"This list has more than {MOST_ITEMS} items. No playbook has such a list."
                )
            found.append(self._node(event, (*way, len(found)), depth + 1))
        return Node(found, _line(begin))

    def _map(self, begin: Any, way: Way, depth: int) -> Node:
        found: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if len(found) == MOST_ITEMS:
                raise self._stop(event, way, f"This map has more than {MOST_ITEMS} keys. No playbook has such a map.")
            named_by = self._node(event, way, depth + 1)
            key = named_by.value
            if not isinstance(key, str):
                self._fault(
                    event, way, "A key must be a text, and this is a list or a map. Is a quote missing around braces?"
                )
                key = ""
            if key in found:
                self._fault(event, (*way, key), f"“{key}” stands here already, on line {lines[key]}. Keep one of them.")
            value = self._node(next(self._events), (*way, key), depth + 1)
            if key not in found:
                found[key], lines[key] = value, named_by.line
        return Node(found, _line(begin), lines)

    def _fault(self, event: Any, way: Way, said: str) -> None:
        self.faults.append(PlaybookFault(self._file, _line(event), named(way), said))

    def _stop(self, event: Any, way: Way, said: str) -> PlaybookRefused:
        """What makes it pointless to read on, with what was found until then."""
        self._fault(event, way, said)
        return PlaybookRefused(self._file, self.faults)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
