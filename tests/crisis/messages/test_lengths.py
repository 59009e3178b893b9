import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crisis.channels import Unit
from crisis.messages.lengths import Offender, measure, normalise

# 3GPP TS 23.038, 6.2.1, typed from the table, without the escape and the form feed.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
PAIRS = "^{}\\[~]|€"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


def parts_of(text: str) -> tuple[int, str]:
    """Our own small model: fill each part, never split a pair."""
    is_gsm = set(text) <= set(BASIC + PAIRS)
    sizes = [1 + (c in PAIRS) if is_gsm else len(c.encode("utf-16-be")) // 2 for c in text]
    alone, joined = (160, 153) if is_gsm else (70, 67)
    if sum(sizes) <= alone:
        return 1, "GSM-7" if is_gsm else "UCS-2"
    parts, room = 1, joined
    for size in sizes:
        if size > room:
            parts, room = parts + 1, joined
        room -= size
    return parts, "GSM-7" if is_gsm else "UCS-2"


def text_of(character: str, count: int) -> str:
    return character * count


@given(st.builds(text_of, st.sampled_from(BASIC), st.integers(1, 170)), st.text(BASIC + PAIRS, max_size=330))
@example("", "€" * 80)
@example("", "€" * 81)
@example("a" * 152, "€" + "b" * 8)
def test_gsm_parts_agree_with_a_model_of_our_own(start: str, rest: str) -> None:
    text = start + rest
    length = measure(text, Unit.SEGMENTS)
    assert (length.count, length.encoding) == parts_of(text)
    assert length.used == sum(1 + (c in PAIRS) for c in text)
    assert length.offenders == ()


@given(st.text(min_size=1, max_size=210), st.sampled_from(["č", "\U0001f6a8", "ŋ"]))
def test_ucs_2_parts_agree_with_a_model_of_our_own(text: str, outside: str) -> None:
    text = text.replace("\x1b", "").replace("\f", "") + outside
    length = measure(text, Unit.SEGMENTS)
    assert (length.count, length.encoding) == parts_of(text)
    assert length.used == len(text.encode("utf-16-be")) // 2


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("å" * 160, 1),
        ("å" * 161, 2),
        ("å" * 306, 2),
        ("å" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "b" * 152, 3),  # the pair moves to the second part whole
        ("č" * 70, 1),
        ("č" * 71, 2),
        ("č" * 134, 2),
        ("č" * 135, 3),
        ("\U0001f6a8" * 35, 1),
        ("\U0001f6a8" * 36, 2),
    ],
)
def test_an_sms_is_split_where_the_standard_splits_it(text: str, parts: int) -> None:
    assert measure(text, Unit.SEGMENTS).count == parts


def test_an_empty_sms_has_no_parts() -> None:
    assert measure("", Unit.SEGMENTS).count == 0


def test_characters_that_double_the_price_are_named_with_their_places() -> None:
    length = measure("Buerie – Kárášjohka", Unit.SEGMENTS)
    assert length.encoding == "UCS-2"
    assert length.offenders == (
        Offender("–", 7),
        Offender("á", 10),
        Offender("á", 12),
        Offender("š", 13),
    )


def test_typography_becomes_gsm_7_and_letters_stay() -> None:
    written = "«Blå» “bær” – ‘på’ — fjell… 5\u00a0km\u202f• é è ò Æ Ø Å \u2011 a\u00adb"
    assert normalise(written) == '"Blå" "bær" - \'på\' - fjell... 5 km - é è ò Æ Ø Å - ab'
    assert measure(normalise(written), Unit.SEGMENTS).encoding == "GSM-7"


@pytest.mark.parametrize("kept", ["Kárášjohka", "fôr", "Київ", "10 °C", FAMILY])
def test_nothing_that_carries_meaning_is_replaced(kept: str) -> None:
    assert normalise(kept) == kept


def test_a_decomposed_letter_is_composed_and_costs_one() -> None:
    assert normalise("A\u030as") == "Ås"
    assert measure(normalise("A\u030as"), Unit.SEGMENTS).encoding == "GSM-7"


MARKS = "–—…«»“”‘’‚„‹›\u00a0\u2000\u2009\u200b\u00ad\u2060\ufeff\u2028\u030a\u0301\u1ffd\u1fef\u0338`´\r\n\t<=aAoOåé"


@given(st.text() | st.text(MARKS))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(st.text(BASIC.replace("\r", "") + PAIRS))
def test_normalising_leaves_gsm_7_alone(text: str) -> None:
    assert normalise(text) == text


@given(st.integers(0, 400), st.integers(0, 60))
def test_x_counts_letters_once_and_emoji_twice(letters: int, emoji: int) -> None:
    assert measure("å" * letters + "\U0001f6a8" * emoji, Unit.WEIGHTED).count == letters + 2 * emoji


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("a" * 280, 280),
        ("a" * 281, 281),
        (FAMILY, 2),
        ("https://krise.fjordvik.kommune.no/meldinger/en-svaert-lang-adresse", 23),
        ("Se krise.fjordvik.kommune.no", 26),
        ("–’“", 3),
        ("…€", 4),
        ("A\u030as", 2),
    ],
)
def test_x_weighs_as_its_own_rules_do(text: str, weight: int) -> None:
    assert measure(text, Unit.WEIGHTED).count == weight


def test_characters_x_refuses_are_found() -> None:
    assert measure("a\ufffe", Unit.WEIGHTED).offenders == (Offender("\ufffe", 1),)


def test_other_channels_count_composed_characters() -> None:
    assert measure("A\u030as", Unit.CHARACTERS).count == 2
