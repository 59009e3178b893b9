"""The people of Fjordvik: 5,000 numbers that belong to nobody, as the file a municipality would import.

+1 NXX 555-0100 to 555-0199 are set aside for fiction in every North American area code (ATIS-0300115, "555 NXX line number
assignment"); Norway has no such series. They go to the sandbox and nowhere else all the same.
"""

import csv
from collections.abc import Iterator
from io import StringIO
from itertools import islice
from pathlib import Path

import phonenumbers

CONTACTS = Path(__file__).with_name("contacts.csv")
COUNT = 5_000
_LINES = 100  # of fiction, in each area code
_AREA_CODES = range(201, 1000)
_LANGUAGES = (("nb", 68), ("nn", 20), ("en", 12))  # of each hundred people
REPEATED = 40
"""Lines that give a number a second time, in another notation."""
UNUSABLE = ("22 00 00 00 00 00", "112", "ikke oppgitt")


def numbers() -> Iterator[tuple[str, str]]:
    """Each number in E.164, with its owner's language."""
    yield from islice(_fiction(), COUNT)


def contacts() -> list[dict[str, str]]:
    """Those who answer for the accounts, by their roles, as the file beside this one has them. Their numbers follow the others."""
    with CONTACTS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _fiction() -> Iterator[tuple[str, str]]:
    languages = [language for language, share in _LANGUAGES for _ in range(share)]
    for area in filter(_is_in_use, _AREA_CODES):
        for line in range(_LINES):
            yield f"+1{area}5550{100 + line}", languages[line % len(languages)]


def csv_file() -> str:
    """The import file, with some of what real files have: numbers twice, and lines nobody can use."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("number", "language"))
    everyone = list(numbers())
    writer.writerows(everyone)
    writer.writerows((f"00{n[1:2]} ({n[2:5]}) {n[5:8]}-{n[8:]}", language) for n, language in everyone[:REPEATED])
    writer.writerows((line, "nb") for line in UNUSABLE)
    return out.getvalue()


def _is_in_use(area: int) -> bool:
    number = phonenumbers.parse(f"+1{area}5550100")
    return phonenumbers.is_valid_number(number) and phonenumbers.region_code_for_number(number) == "US"
