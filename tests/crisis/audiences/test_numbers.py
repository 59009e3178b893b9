import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisis.audiences.numbers import BadNumber, masked, parse

mobiles = st.builds(lambda first, rest: f"{first}{rest:07d}", st.sampled_from("49"), st.integers(0, 9_999_999))
"""Norwegian mobile numbers begin with 4 or 9."""
scripts = st.sampled_from(["0123456789", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９"])


def reason(text: str, region: str = "NO") -> str:
    with pytest.raises(BadNumber) as raised:
        parse(text, region)
    return str(raised.value)


def reached(number: str) -> bool:
    """Some series of eight digits that begin with 4 or 9 are not in use."""
    try:
        return parse(number, "NO") == f"+47{number}"
    except BadNumber:
        return False


@given(number=mobiles.filter(reached), script=scripts, data=st.data())
def test_any_notation_of_a_number_is_the_same_number(number: str, script: str, data: st.DataObject) -> None:
    gap = st.sampled_from(["", " ", "  ", "-", ".", "\u00a0", "\u2009", "\u200f", "\u2011", "\u2013"])
    code = data.draw(st.sampled_from(["", "+47", "0047", "47", "(+47)", "tel:+47", "+47 (0)", "\u202a+47", "\uff0b47"]))
    spaced = "".join(digit + data.draw(gap) for digit in number)
    translated = f"{code} {spaced}".translate(str.maketrans("0123456789", script))
    assert parse(translated.replace(f"({script[0]})", "(0)"), "NO") == f"+47{number}"


@given(st.text(max_size=60) | st.text("0123456789+ ()-./", max_size=30))
def test_whatever_is_accepted_is_e164_and_stays_as_it_is(text: str) -> None:
    try:
        number = parse(text, "NO")
    except BadNumber:
        said = reason(text).replace("58 and 59 series", "")
        assert len(said) > 5
        assert not any(character.isdigit() for character in said)
    else:
        assert re.fullmatch(r"\+[1-9][0-9]{6,14}", number)
        assert parse(number, "SE") == number


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("22 22 22 22", "a landline"),
        ("+47 79 02 00 00", "a landline"),
        ("59 00 12 34", "a number for machines"),
        ("580000123456", "a number for machines"),
        ("+47 5812 3456 7890", "a number for machines"),
        ("112", "a short or emergency number"),
        ("113", "a short or emergency number"),
        ("02800", "a short or emergency number"),
        ("116 117", "a short or emergency number"),
        ("82 00 00 00", "a premium-rate number"),
        ("800 12 345", "a freephone number"),
        ("815 49 300", "a company's service number"),
        ("85 00 00 00", "an internet telephone"),
        ("900abcde", "letters"),
        ("1-800-FLOWERS", "letters"),
        ("4.79E+10", "letters"),
        ("90000001 ext 5", "letters"),
        ("90000001#5", "a character that no phone number has"),
        ("90000001,90000002", "a character that no phone number has"),
        ("90000001\U0001f600", "a character that no phone number has"),
        ("90000001/90000002", "not a number in use"),
        ("9000000", "not a number in use"),
        ("+999 123 456", "no country has a number"),
        ("9" * 30, "too many digits"),
        ("9" * 4000, "too many digits"),
        ("", "no number"),
        ("+-()", "no number"),
    ],
)
def test_what_a_text_message_cannot_reach_is_rejected_in_plain_words(text: str, said: str) -> None:
    assert reason(text).startswith(said)


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("+46 70 123 45 67", "+46701234567"),
        ("+1 202 555 0123", "+12025550123"),  # a country that does not tell mobiles from landlines
        ("00298 211234", "+298211234"),
        ("+290 51234", "+29051234"),  # short, but a mobile all the same
    ],
)
def test_foreign_mobiles_are_reached(text: str, e164: str) -> None:
    assert parse(text, "NO") == e164


def test_a_number_without_country_code_is_read_in_its_region() -> None:
    assert parse("070-123 45 67", "SE") == "+46701234567"
    assert reason("070-123 45 67", "NO").startswith("not a number in use")


def test_only_the_last_two_digits_are_ever_shown() -> None:
    assert masked("+4790000012") == "…12"
