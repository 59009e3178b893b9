from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from crisis.compiled import Compiled


class Counted(Compiled):
    """Counts what was compiled."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    def dump_bytecode(self, bucket: object) -> None:
        self.times += 1
        super().dump_bytecode(bucket)  # type: ignore[arg-type]


def said(folder: Path, compiled: Compiled, **values: str) -> str:
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, bytecode_cache=compiled)
    environment.globals |= values
    return environment.get_template("a.html").render()


def test_a_template_is_compiled_once_and_each_environment_has_its_own_globals(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("{{ marker }}", encoding="utf-8")
    compiled = Counted()
    assert said(tmp_path, compiled, marker="ØVELSE") == "ØVELSE"
    assert said(tmp_path, compiled, marker="") == ""
    assert compiled.times == 1


def test_a_template_that_has_changed_is_compiled_again(tmp_path: Path) -> None:
    compiled = Counted()
    for words in ("før", "etter"):
        (tmp_path / "a.html").write_text(words, encoding="utf-8")
        assert said(tmp_path, compiled) == words
    assert compiled.times == 2
