"""Document: only text, lists and maps come out of a file, each with its line."""

import os

import pytest

from crisis.playbooks.document import MOST_DEPTH, bytes_of, named, parse
from crisis.playbooks.faults import MOST, PlaybookFault, PlaybookRefused


def refused(data: bytes) -> list[PlaybookFault]:
    with pytest.raises(PlaybookRefused) as problem:
        parse(data, "a.yaml")
    return [*problem.value.faults]


def test_what_yaml_would_guess_stays_text() -> None:
    read = parse(
        b"no: no\non: yes\nnumber: 0301\ntime: 10:30\ncount: 1_000\nnone: ~\nempty:\nday: 2027-06-01\nhex: 0x1F\n0301: x\n",
        "a.yaml",
    )
    assert read.top.plain() == {
        "no": "no", "on": "yes", "number": "0301", "time": "10:30", "count": "1_000", "none": "~", "empty": "",
        "day": "2027-06-01", "hex": "0x1F", "0301": "x",
    }  # fmt: skip


def test_every_key_and_item_knows_its_line() -> None:
    read = parse(b"# first\na:\n  - x\n  - b: y\n    c: >-\n      long\n      text\nd: z\n", "a.yaml")
    assert read.line_of(("a",)) == 2
    assert read.line_of(("a", 0)) == 3
    assert read.line_of(("a", 1, "c")) == 5
    assert read.line_of(("d",)) == 8
    assert read.line_of(("a", 1, "missing")) == 4, "what is not there is told where it should be"
    assert named(("a", 1, "c")) == "a[1].c"


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"a: &x 1\nb: 2", 1, "anchor"),
        (b"a: 1\nb: *x", 2, "alias"),
        (b"a: 1\nb: !!python/object:os.system x", 2, "tag"),
        (b"a: ! x", 1, "tag"),
        (b"a: 1\n\na: 2", 3, "line 1"),
        (b"a: 1\n---\nb: 2", 2, "second document"),
        (b"%TAG ! tag:x,2000:\n---\na: 1", 1, "Directives"),
        (b"a: 1\n? [b, c]\n: 2", 2, "must be a text"),
        (b"a: {{b}}", 1, "quote missing around braces"),
        (b"- a", 1, "map of keys"),
        (b"", 1, "empty"),
        (b"# nothing", 1, "empty"),
        (b"a: 1\n b: 2", 2, "no YAML"),
        (b'a: "x\nb: 1', 2, "no YAML"),
        ("a: 1\nb: \udcff".encode("utf-16-le", "surrogatepass"), 2, "not UTF-8"),
        (b"a: 1\nb: \xe5", 2, "not UTF-8"),
        (b"a: 1\nb: \x07", 2, "U+0007"),
    ],
)
def test_what_is_no_plain_text_is_refused_with_its_line(data: bytes, line: int, said: str) -> None:
    found = refused(data)
    assert said in found[-1].said
    assert found[-1].line == line


def test_all_of_it_is_told_at_once() -> None:
    assert [each.line for each in refused(b"a: &x 1\nb: *x\nc: !t 1\nc: 2\n")] == [1, 2, 3, 4]


def test_a_byte_order_mark_is_harmless() -> None:
    assert parse(b"\xef\xbb\xbfa: b", "a.yaml").top.plain() == {"a": "b"}


def test_it_goes_no_deeper_than_the_cap() -> None:
    for depth, is_refused in ((MOST_DEPTH - 1, False), (MOST_DEPTH, True)):
        data = b"a: " + b"[" * depth + b"]" * depth
        if is_refused:
            assert "inside each other" in refused(data)[-1].said
        else:
            parse(data, "a.yaml")


def test_of_very_many_faults_the_first_are_told_and_the_number_of_all() -> None:
    with pytest.raises(PlaybookRefused, match="has 999 faults") as problem:
        parse(b"a: 1\n" * 1000, "a.yaml")
    assert len(problem.value.faults) == MOST


def test_what_is_no_ordinary_file_is_not_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("files")
    os.mkfifo(folder / "pipe.yaml")
    (folder / "folder.yaml").mkdir()
    for name, said in (("pipe", "ordinary"), ("folder", "cannot be read"), ("none", "cannot be read")):
        with pytest.raises(PlaybookRefused, match=said):
            bytes_of(folder / f"{name}.yaml")
