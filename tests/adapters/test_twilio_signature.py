"""Our check of a signature answers as the official client's does, whatever is signed and however it is changed."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from adapters.twilio_callback import form_pairs, signature_holds

TOKEN = "a" * 32
OTHER = "b" * 32


hosts = st.sampled_from(
    [
        "krise.example.no",
        "krise.example.no:443",
        "krise.example.no:80",
        "krise.example.no:8443",
        "krise.example.no:",
        "krise.example.no:0",
        "127.0.0.1:8000",
        "localhost",
        "[::1]:8000",
        "KRISE.example.no",
    ]
)
odd = st.sampled_from("a1=&;%+#?/:@[] \t\r\n\x00\x7fæøå\u2028💥\ud800")
texts = st.one_of(st.text(max_size=12), st.text(odd, max_size=12))
urls = st.builds(
    lambda scheme, host, path, query, fragment: f"{scheme}://{host}/{path}{query}{fragment}",
    st.sampled_from(["https", "http", "HTTPS"]),
    hosts,
    st.text("abc/;%20.-_", max_size=12),
    st.one_of(st.just(""), st.just("?"), st.just("?delivery=17"), st.builds(lambda text: "?" + text, texts)),
    st.sampled_from(["", "", "", "#", "#x"]),
)
pairs = st.lists(st.tuples(st.one_of(st.sampled_from(["To", "Body", ""]), texts), texts), max_size=8)
"""A form's fields: names may come again, with the same value or another, and both may be empty."""
changes = st.sampled_from([*["nothing"] * 5, "url", "query", "added", "removed", "value", "signature", "token"])


class MultiDict:
    """A form as web frameworks hand it to the official validator."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = list(pairs)

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._pairs)

    def __bool__(self) -> bool:
        return bool(self._pairs)

    def getall(self, wanted: str) -> list[str]:
        return [value for name, value in self._pairs if name == wanted]


def altered(text: str) -> list[str]:
    return [text[:-1], text + "A", text.swapcase(), "", text + "æ", " " + text]


def variants(url: str) -> st.SearchStrategy[str]:
    """The address itself, and as it is written with and without its port."""
    return st.sampled_from([url, url.replace(":443", ""), url.replace("example.no/", "example.no:443/")])


def said_officially(url: str, params: Any, signature: str, token: str = TOKEN) -> bool:
    """What the official one says. What it cannot read at all, it has not found to be signed."""
    try:
        return bool(RequestValidator(token).validate(url, params, signature))
    except (ValueError, TypeError):
        return False


@settings(max_examples=500)
@given(url=urls, form=pairs, change=changes, data=st.data())
def test_our_check_answers_as_the_official_one_for_forms(
    url: str, form: list[tuple[str, str]], change: str, data: st.DataObject
) -> None:
    try:
        signature = RequestValidator(TOKEN).compute_signature(data.draw(variants(url)), MultiDict(form))
    except UnicodeEncodeError:  # half a character pair: nobody can sign it
        signature = "a"
    if change == "added":
        form = [*form, (data.draw(st.text(max_size=3)), data.draw(st.text(max_size=3)))]
    if change == "url":
        url = data.draw(st.sampled_from([url + "x", url.replace("https", "http"), url.upper()]))
    if change == "query":
        url = data.draw(st.sampled_from([url + "&x=1", url.partition("?")[0], url.replace("=17", "=18")]))
    if form and change in {"value", "removed"}:
        at = data.draw(st.integers(0, len(form) - 1))
        name, value = form[at]
        form = [*form[:at], *([(name, value + "x")] if change == "value" else []), *form[at + 1 :]]
    if change == "signature":
        signature = data.draw(st.sampled_from(altered(signature)))
    token = OTHER if change == "token" else TOKEN
    official = said_officially(url, MultiDict(form), signature, token)
    event(f"{change}: {'valid' if official else 'refused'}")
    assert signature_holds(url, form, signature, [token]) is official
    assert signature_holds(url, form, signature, [OTHER + "x", token]) is official, "while tokens are rotated"


@settings(max_examples=300)
@given(
    url=urls,
    body=st.one_of(st.just(""), st.text(max_size=40)),
    hashed=st.sampled_from(["right", "wrong", "empty", "twice", "not"]),
)
def test_our_check_answers_as_the_official_one_for_what_is_not_a_form(url: str, body: str, hashed: str) -> None:
    validator = RequestValidator(TOKEN)
    try:
        right, wrong = validator.compute_hash(body), validator.compute_hash(body + " ")
        promised = {"right": right, "wrong": wrong, "empty": "", "twice": f"{right}&bodySHA256={wrong}"}
        url = url.partition("#")[0]
        url += ("&" if "?" in url else "?") + (f"bodySHA256={promised[hashed]}" if hashed in promised else "x=1")
        signature = validator.compute_signature(url, {})
    except UnicodeEncodeError:
        return
    official = said_officially(url, body, signature)
    event(f"{hashed}: {'valid' if official else 'refused'}")
    assert signature_holds(url, body.encode(), signature, [TOKEN]) is official


@settings(max_examples=500)
@given(st.one_of(st.binary(max_size=40), st.text("ab=&+%0dF;æ", max_size=40).map(str.encode)))
def test_a_form_is_read_as_the_standard_library_reads_it(body: bytes) -> None:
    try:
        expected = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        with pytest.raises(ValueError, match="utf-8"):
            form_pairs(body)
    else:
        assert form_pairs(body) == expected
