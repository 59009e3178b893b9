"""What Twilio calls back with: every status word has one of ours, and what is not signed is not believed."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from adapters.twilio_callback import read_callback
from crisis.channels import Callback, ForgedCallback, Receipt, ReceiptStatus, UnknownStatus

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


def the_receipt(callback: Callback) -> Receipt:
    (receipt,) = read_callback(callback, [TOKEN])
    assert isinstance(receipt, Receipt)
    return receipt


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
    receipt = the_receipt(signed(fields))
    assert (receipt.reference, receipt.key, receipt.status, receipt.code) == ("SM1", "17", status, code)


def test_numbers_and_texts_are_not_kept() -> None:
    receipt = the_receipt(signed({**SMS, "ErrorMessage": "no +4790000001"}))
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
    receipt = the_receipt(signed_json(body))
    assert (receipt.reference, receipt.status, receipt.key) == ("SM1", ReceiptStatus.SENT, "17")
    assert "Body" not in receipt.raw


@pytest.mark.parametrize(
    "word", ["read_later", "partially_delivered", "received", "expired", "unknown", "DELIVERED?", "levert", "x" * 64]
)
def test_a_status_word_that_is_not_known_is_kept_as_it_came(word: str) -> None:
    """Also one that happens to be a word of ours: only the provider knows what it means by it."""
    (told,) = read_callback(signed({**SMS, "MessageStatus": word, "ErrorCode": "30999"}), [TOKEN])
    raw = {name: value for name, value in SMS.items() if name not in {"To", "From", "Body", "ChannelToAddress"}}
    raw |= {"MessageStatus": word, "ErrorCode": "30999"}
    assert told == UnknownStatus("SM1", word, "17", "30999", raw)


@pytest.mark.parametrize(
    ("word", "kept"), [("lest\x00", r"'lest\x00'"), ("a\nb", r"'a\nb'"), ("💥\x7f", r"'\U0001f4a5\x7f'")]
)
def test_a_word_that_no_database_and_no_screen_takes_is_kept_in_letters_they_take(word: str, kept: str) -> None:
    (told,) = read_callback(signed({**SMS, "MessageStatus": word}), [TOKEN])
    assert isinstance(told, UnknownStatus)
    assert told.word == told.raw["MessageStatus"] == kept


@pytest.mark.parametrize("sid", ["", "SM 1", "SM\x00", "SM" * 40, "SMæ", "SM/../1"])
def test_what_is_no_message_id_is_about_no_message(sid: str) -> None:
    assert read_callback(signed({**SMS, "MessageSid": sid, "SmsSid": ""}), [TOKEN]) == []


def test_of_a_word_without_end_no_more_is_kept_than_can_be_shown() -> None:
    (told,) = read_callback(signed({**SMS, "MessageStatus": "x" * 10_000}), [TOKEN])
    assert isinstance(told, UnknownStatus)
    assert told.word == told.raw["MessageStatus"] == "x" * 64


@pytest.mark.parametrize("body", [b"no json", b"[]", b"{}", b'{"MessageSid":"SM1"}', b'{"MessageStatus":"sent"}', b""])
def test_a_signed_callback_that_says_nothing_gives_no_receipt(body: bytes) -> None:
    assert read_callback(signed_json(body), [TOKEN]) == []


def test_a_callback_without_our_query_still_names_the_message() -> None:
    receipt = the_receipt(signed(SMS, url="https://krise.example.no/receipts/actual/sms"))
    assert (receipt.reference, receipt.key) == ("SM1", None)


@settings(max_examples=300)
@given(data=st.data())
def test_a_byte_changed_anywhere_is_refused(data: st.DataObject) -> None:
    """In the body, the address or the signature; unless the form still says the same, as with %2b for %2B."""
    genuine = signed(SMS)
    where = data.draw(st.sampled_from(["body", "url", "signature"]))
    held = {"body": genuine.body.decode(), "url": genuine.url, "signature": genuine.headers["x-twilio-signature"]}
    at = data.draw(st.integers(0, len(held[where]) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    changed = held | {where: held[where][:at] + other + held[where][at + 1 :]}
    same_form = sorted(parse_qsl(changed["body"], keep_blank_values=True)) == sorted(SMS.items())
    same_place = re.sub("^https:", "https:", changed["url"], flags=re.IGNORECASE) == ADDRESS
    headers = genuine.headers | {"x-twilio-signature": changed["signature"]}
    forged = Callback("POST", changed["url"], headers, changed["body"].encode())
    if same_form and same_place and changed["signature"] == held["signature"]:
        assert read_callback(forged, [TOKEN])
    else:
        with pytest.raises(ForgedCallback):
            read_callback(forged, [TOKEN])
