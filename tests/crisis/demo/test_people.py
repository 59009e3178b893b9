"""The people of Fjordvik belong to nobody."""

import re

from crisis.audiences import numbers
from crisis.demo import people


def test_every_number_is_one_set_aside_for_fiction() -> None:
    everyone = dict(people.numbers())
    assert len(everyone) == people.COUNT == 5_000
    assert all(re.fullmatch(r"\+1[2-9]\d\d55501\d\d", number) for number in everyone)
    assert all(numbers.parse(number, "NO") == number for number in everyone)


def test_every_language_has_its_readers() -> None:
    languages = [language for _, language in people.numbers()]
    assert {language: languages.count(language) for language in ("nb", "nn", "en")} == {
        "nb": 3400,
        "nn": 1000,
        "en": 600,
    }


def test_the_file_has_what_real_files_have() -> None:
    lines = people.csv_file().splitlines()
    assert len(lines) == 1 + people.COUNT + people.REPEATED + len(people.UNUSABLE)
    again = [line.split(",")[0] for line in lines[1 + people.COUNT :][: people.REPEATED]]
    known = {number for number, _ in people.numbers()}
    assert known.issuperset(numbers.parse(each, "NO") for each in again)
    assert not known & set(again)
