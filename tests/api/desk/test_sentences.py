"""The domain's sentences on the desk's pages: the desk has one of its own for each, with the same blanks."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

from api.desk.sentences import SENTENCES
from crisis.said import Said

ROOT = Path(__file__).resolve().parents[3]


def said() -> Iterator[tuple[str, str]]:
    """Every sentence that the domain can say, and where."""
    for path in sorted((ROOT / "crisis").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Said" and node.args:
                given = node.args[0]
                if isinstance(given, ast.Constant):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", str(given.value)


def coded() -> set[str]:
    """Those that a text may have which is too long or otherwise not for its channel: known by a code."""
    tree = ast.parse((ROOT / "crisis" / "messages" / "rendered.py").read_text(encoding="utf-8"))
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Fault"
    ]
    return {node.args[0].value for node in calls if isinstance(node.args[0], ast.Constant)}


def blanks(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_the_desk_has_a_sentence_for_each_of_the_domains() -> None:
    missing = [f"{place}: {template!r}" for place, template in said() if template not in SENTENCES]
    missing += sorted(coded() - SENTENCES.keys())
    assert len(coded()) >= 2
    assert not missing, "\n".join(missing)


def test_the_desk_has_none_that_nobody_says() -> None:
    used = {template for _, template in said()}
    assert len(used) > 50
    assert not SENTENCES.keys() - used - coded()


def test_a_sentence_of_the_desks_has_no_blank_that_the_domain_does_not_fill() -> None:
    for template, ours in SENTENCES.items():
        if template in coded():
            continue
        assert set(re.findall(r"%\((\w+)\)s", ours)) <= blanks(template), template


def test_a_sentence_reads_as_its_english_self() -> None:
    sentence = Said("line {line}: {problem}", line=3, problem=Said("no number"))
    assert sentence == "line 3: no number"
    assert (sentence.template, sentence.values["line"]) == ("line {line}: {problem}", 3)
