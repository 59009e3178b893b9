from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from adapters.twilio_callback import read_callback, signature_holds
from crisis.channels import Callback, ForgedCallback, ReceiptStatus

TOKEN = "a" * 32
OTHER = "b" * 32
ADDRESS = "https://krise.example.no/receipts/actual/sms?delivery=17"
SMS = {
    "MessageSid": "SM1",
    "SmsSid": "SM1",
    "AccountSid": "AC1",
    "MessageStatus": "delivered",
    "To": "+4790000001",
    "From": "Fjordvik",
    "Body": "Gå ut",
    "ChannelToAddress": "+4790000001",
    "ApiVersion": "2010-04-01",
}


def signed(fields: Mapping[str, str], *, url: str = ADDRESS, token: str = TOKEN, **changed: Any) -> Callback:
    signature = RequestValidator(token).compute_signature(url, dict(fields))
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature}
    return Callback("POST", changed.get("called", url), headers, changed.get("body", urlencode(fields).encode()))


def signed_json(body: bytes, *, hashed: bytes | None = None, token: str = TOKEN) -> Callback:
    digest = RequestValidator(token).compute_hash((hashed or body).decode())
    url = f"{ADDRESS}&bodySHA256={digest}"
    signature = RequestValidator(token).compute_signature(url, {})
    return Callback(
        "POST", url, {"content-type": "application/json; charset=utf-8", "x-twilio-signature": signature}, body
    )


@pytest.mark.parametrize(
    ("word", "code", "status"),
    [
        ("accepted", None, ReceiptStatus.ACCEPTED),
        ("scheduled", None, ReceiptStatus.ACCEPTED),
        ("queued", None, ReceiptStatus.ACCEPTED),
        ("sending", None, ReceiptStatus.ACCEPTED),
        ("sent", None, ReceiptStatus.SENT),
        ("delivered", None, ReceiptStatus.DELIVERED),
        ("read", None, ReceiptStatus.DELIVERED),
        ("undelivered", "30003", ReceiptStatus.UNDELIVERED),
        ("failed", "30008", ReceiptStatus.UNDELIVERED),
        ("canceled", None, ReceiptStatus.UNDELIVERED),
        ("undelivered", "30036", ReceiptStatus.EXPIRED),
        ("failed", "30036", ReceiptStatus.EXPIRED),
    ],
)
def test_every_status_word_has_one_of_ours(word: str, code: str | None, status: ReceiptStatus) -> None:
    fields = {**SMS, "MessageStatus": word} | ({"ErrorCode": code} if code else {})
    (receipt,) = read_callback(signed(fields), [TOKEN])
    assert (receipt.reference, receipt.key, receipt.status, receipt.code) == ("SM1", "17", status, code)


def test_numbers_and_texts_are_not_kept() -> None:
    (receipt,) = read_callback(signed({**SMS, "ErrorMessage": "no +4790000001"}), [TOKEN])
    assert receipt.raw["MessageStatus"] == "delivered"
    assert not {"To", "From", "Body", "ChannelToAddress", "ErrorMessage"} & set(receipt.raw)
    assert "90000001" not in repr(receipt)
    assert "90000001" not in str(dict(receipt.raw))


def test_both_tokens_are_accepted_while_they_are_rotated() -> None:
    for token in (TOKEN, OTHER):
        assert read_callback(signed(SMS, token=token), [TOKEN, OTHER])


@pytest.mark.parametrize(
    "forged",
    [
        signed(SMS, token="c" * 32),
        signed(SMS, called=ADDRESS.replace("17", "18")),
        signed(SMS, called=ADDRESS.replace("https", "http")),
        signed(SMS, body=urlencode({**SMS, "MessageStatus": "failed"}).encode()),
        signed(SMS, body=urlencode(SMS).encode() + b"&Extra=1"),
        signed(SMS, body=urlencode(SMS).encode() + b"&To=%ff"),
        signed(SMS, body=b""),
        Callback("POST", ADDRESS, {}, urlencode(SMS).encode()),
        Callback("POST", ADDRESS, {"x-twilio-signature": "æøå"}, urlencode(SMS).encode()),
        Callback("POST", "https://krise.example.no:x/", {"x-twilio-signature": "a"}, b""),
        signed_json(b'{"MessageSid":"SM1","MessageStatus":"failed"}', hashed=b'{"MessageSid":"SM1"}'),
        Callback("POST", ADDRESS, {**signed({}).headers, "content-type": "application/json"}, b'{"MessageSid":"SM1"}'),
    ],
)
def test_a_forged_callback_is_refused(forged: Callback) -> None:
    with pytest.raises(ForgedCallback):
        read_callback(forged, [TOKEN])


@pytest.mark.parametrize("tokens", [[], [""]])
def test_without_a_token_nothing_is_believed(tokens: list[str]) -> None:
    with pytest.raises(ForgedCallback):
        read_callback(signed(SMS, token=""), tokens)


def test_a_json_body_is_covered_by_its_hash_in_the_signed_address() -> None:
    body = orjson.dumps({"MessageSid": "SM1", "MessageStatus": "sent", "ErrorCode": None, "Body": "Gå ut"})
    (receipt,) = read_callback(signed_json(body), [TOKEN])
    assert (receipt.reference, receipt.status, receipt.key) == ("SM1", ReceiptStatus.SENT, "17")
    assert "Body" not in receipt.raw


@pytest.mark.parametrize("body", [b"no json", b"[]", b"{}", b'{"MessageSid":"SM1","MessageStatus":"receiving"}'])
def test_a_signed_callback_that_says_nothing_gives_no_receipt(body: bytes) -> None:
    assert read_callback(signed_json(body), [TOKEN]) == []


def test_a_callback_without_our_query_still_names_the_message() -> None:
    (receipt,) = read_callback(signed(SMS, url="https://krise.example.no/receipts/actual/sms"), [TOKEN])
    assert (receipt.reference, receipt.key) == ("SM1", None)


hosts = st.sampled_from(
    ["krise.example.no", "krise.example.no:443", "krise.example.no:80", "127.0.0.1:8000", "localhost"]
)
urls = st.builds(
    lambda scheme, host, path, query, fragment: f"{scheme}://{host}/{path}{query}{fragment}",
    st.sampled_from(["https", "http"]),
    hosts,
    st.text("abc/;%20.-_", max_size=12),
    st.one_of(st.just(""), st.just("?"), st.builds(lambda text: "?" + text, st.text("a1=&;%+delivryæ", max_size=20))),
    st.sampled_from(["", "#", "#x"]),
)
forms = st.dictionaries(st.text(max_size=8), st.text(max_size=12), max_size=6)
bodies = st.text(max_size=40)
changes = st.sampled_from([*["nothing"] * 5, "url", "field", "value", "signature", "token"])


def altered(text: str) -> list[str]:
    return [text[:-1], text + "A", text.swapcase(), ""]


@settings(deadline=None)  # the machine may be busy
@given(url=urls, form=forms, change=changes, data=st.data())
def test_our_check_answers_as_the_official_one_for_forms(
    url: str, form: dict[str, str], change: str, data: st.DataObject
) -> None:
    signature = RequestValidator(TOKEN).compute_signature(data.draw(variants(url)), form)
    if change == "field":
        form[data.draw(st.text(max_size=3))] = "x"
    if change == "url":
        url = data.draw(st.sampled_from([url + "x", url.replace("https", "http"), url.upper()]))
    if change == "value" and form:
        form[data.draw(st.sampled_from(sorted(form)))] += "x"
    if change == "signature":
        signature = data.draw(st.sampled_from(altered(signature)))
    token = OTHER if change == "token" else TOKEN
    official = RequestValidator(token).validate(url, form, signature)
    event(f"{change}: {'valid' if official else 'refused'}")
    assert signature_holds(url, {name: [value] for name, value in form.items()}, signature, [token]) is official


def variants(url: str) -> st.SearchStrategy[str]:
    """The address itself, and as it is written with and without its port."""
    return st.sampled_from([url, url.replace(":443", ""), url.replace("example.no/", "example.no:443/")])


@settings(deadline=None)  # the machine may be busy
@given(url=urls, body=bodies, hashed=st.booleans(), right=st.booleans())
def test_our_check_answers_as_the_official_one_for_json(url: str, body: str, hashed: bool, right: bool) -> None:
    validator = RequestValidator(TOKEN)
    digest = validator.compute_hash(body if right else body + " ")
    url = url.partition("#")[0]
    url += ("&" if "?" in url else "?") + ("bodySHA256=" + digest if hashed else "x=1")
    signature = validator.compute_signature(url, {})
    ours = signature_holds(url, body.encode(), signature, [TOKEN])
    if hashed:
        assert ours is validator.validate(url, body, signature)
    else:
        assert ours is False  # the official one cannot read such a body at all
