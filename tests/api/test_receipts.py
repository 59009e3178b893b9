"""Callbacks from providers, with real signatures, over a real socket."""

import hashlib
import hmac
import json
import logging
import random
from collections.abc import Mapping
from itertools import product
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from twilio.request_validator import RequestValidator

from adapters import sms
from crisis.bootstrap import Crisis, setup_for
from crisis.mode import Mode
from tests import factories
from tests.api.conftest import APP_SECRET, PUBLIC_URL, SANDBOX_TOKEN, TWILIO_TOKEN, VERIFY_TOKEN, As
from tests.api.server import Answer, Client

TOKENS = {Mode.ACTUAL: TWILIO_TOKEN, Mode.EXERCISE: SANDBOX_TOKEN}


def form(status: str, sid: str = "SM1", **more: str) -> dict[str, str]:
    return {"AccountSid": "ACactual", "MessageSid": sid, "MessageStatus": status, "To": "+4790000001", **more}


async def twilio(
    client: Client,
    delivery: int,
    fields: Mapping[str, str],
    *,
    mode: Mode = Mode.ACTUAL,
    token: str | None = None,
    signed_url: str | None = None,
) -> Answer:
    """What Twilio would send about one delivery."""
    path = f"/receipts/{mode}/sms?delivery={delivery}"
    validator = RequestValidator(TOKENS[mode] if token is None else token)
    signature = validator.compute_signature(signed_url or PUBLIC_URL + path, fields)
    return await client("POST", path, data=fields, headers={"X-Twilio-Signature": signature})


async def in_flight(crisis: Crisis, mode: Mode = Mode.ACTUAL) -> int:
    """A text message whose creation has left and has not been answered."""
    await factories.account(crisis, "sms", address="Fjordvik")
    audience = await factories.audience(crisis, 1)
    activation = await factories.activation(crisis.db, mode)
    await factories.approved_alert(crisis, activation.id, audience_id=audience)
    async with crisis.db.transaction() as session:
        moved = text("UPDATE deliveries SET state = 'in_flight', started_at = now() RETURNING id")
        return int((await session.execute(moved)).scalar_one())


async def state(crisis: Crisis) -> tuple[str, str | None]:
    async with crisis.db.transaction() as session:
        row = (await session.execute(text("SELECT state, reference FROM deliveries"))).one()
    return row.state, row.reference


async def kept(crisis: Crisis) -> list[tuple[str, bool]]:
    async with crisis.db.transaction() as session:
        rows = await session.execute(text("SELECT status, applied_at IS NOT NULL AS applied FROM receipts ORDER BY id"))
        return [(row.status, row.applied) for row in rows]


def test_providers_are_given_the_address_that_is_checked(crisis: Crisis) -> None:
    for mode in Mode:
        channel = sms.Sms(setup_for(mode, crisis.settings))
        given = f"{channel._callback}17"
        assert given == f"{PUBLIC_URL}/receipts/{mode}/sms?delivery=17"
        assert urlsplit(given).path == urlsplit(PUBLIC_URL).path + f"/receipts/{mode}/sms"


async def test_a_receipt_before_the_answer_to_the_creation_counts(as_role: As, crisis: Crisis) -> None:
    delivery = await in_flight(crisis)
    answered = await twilio(await as_role(None), delivery, form("delivered"))
    assert (answered.status, answered.body) == (204, b"")
    assert await state(crisis) == ("delivered", "SM1")


async def test_ten_copies_are_one_receipt(as_role: As, crisis: Crisis) -> None:
    delivery, provider = await in_flight(crisis), await as_role(None)
    answers = [await twilio(provider, delivery, form("sent")) for _ in range(10)]
    assert {answer.status for answer in answers} == {204}
    assert await kept(crisis) == [("sent", True)]
    assert await state(crisis) == ("sent", "SM1")


async def test_in_whatever_order_they_come_the_end_is_the_same(as_role: As, crisis: Crisis) -> None:
    delivery, provider = await in_flight(crisis), await as_role(None)
    callbacks = [form(status) for status in ("queued", "sending", "sent", "delivered")] * 3
    for seed in range(5):
        async with crisis.db.transaction() as session:
            await session.execute(text("UPDATE deliveries SET state = 'in_flight', reference = NULL"))
            await session.execute(text("TRUNCATE receipts"))
        random.Random(seed).shuffle(callbacks)
        for fields in callbacks:
            await twilio(provider, delivery, fields)
        assert await state(crisis) == ("delivered", "SM1"), seed


async def test_a_final_state_is_final(as_role: As, crisis: Crisis) -> None:
    delivery, provider = await in_flight(crisis), await as_role(None)
    await twilio(provider, delivery, form("delivered"))
    for status in ("undelivered", "failed", "sent"):
        assert (await twilio(provider, delivery, form(status))).status == 204
    assert await state(crisis) == ("delivered", "SM1")


async def test_a_forged_one_changes_nothing_and_is_logged(
    as_role: As, crisis: Crisis, caplog: pytest.LogCaptureFixture
) -> None:
    delivery, provider = await in_flight(crisis), await as_role(None)
    path = f"/receipts/actual/sms?delivery={delivery}"
    fields = form("delivered")
    good = RequestValidator(TWILIO_TOKEN).compute_signature(PUBLIC_URL + path, fields)
    with caplog.at_level(logging.WARNING):
        answers = [
            await twilio(provider, delivery, fields, token="guessed"),
            await twilio(provider, delivery, fields, token=SANDBOX_TOKEN),
            await twilio(provider, delivery, fields, signed_url=f"{provider.url}{path}"),
            await provider("POST", path, data=fields),
            await provider(
                "POST", path, data=fields | {"MessageStatus": "failed"}, headers={"X-Twilio-Signature": good}
            ),
            await provider("POST", f"{path}1", data=fields, headers={"X-Twilio-Signature": good}),
            await provider("POST", path, data=b"\xff\xfe", headers={"X-Twilio-Signature": good}),
        ]
    assert [answer.status for answer in answers] == [403] * 7
    assert {answer.headers["Content-Type"] for answer in answers} == {"application/problem+json"}
    assert (await state(crisis), await kept(crisis)) == (("in_flight", None), [])
    assert caplog.text.count("a callback for actual.sms was refused") == 7
    assert "4790000001" not in caplog.text


async def test_the_host_that_was_called_is_never_believed(as_role: As, crisis: Crisis) -> None:
    delivery, provider = await in_flight(crisis), await as_role(None)
    path = f"/receipts/actual/sms?delivery={delivery}"
    fields = form("delivered")
    forged = RequestValidator(TWILIO_TOKEN).compute_signature(f"https://evil.example{path}", fields)
    headers = {"X-Twilio-Signature": forged, "Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    assert (await provider("POST", path, data=fields, headers=headers)).status == 403
    good = RequestValidator(TWILIO_TOKEN).compute_signature(PUBLIC_URL + path, fields)
    assert (await provider("POST", path, data=fields, headers=headers | {"X-Twilio-Signature": good})).status == 204


@pytest.mark.parametrize(("of", "to"), [(Mode.ACTUAL, Mode.EXERCISE), (Mode.EXERCISE, Mode.ACTUAL)])
async def test_a_receipt_of_one_mode_cannot_touch_the_other(as_role: As, crisis: Crisis, of: Mode, to: Mode) -> None:
    delivery, provider = await in_flight(crisis, to), await as_role(None)
    path = f"/receipts/{to}/sms?delivery={delivery}"
    stolen = RequestValidator(TOKENS[of]).compute_signature(
        f"{PUBLIC_URL}/receipts/{of}/sms?delivery={delivery}", form("sent")
    )
    assert (await provider("POST", path, data=form("sent"), headers={"X-Twilio-Signature": stolen})).status == 403
    # Even rightly signed, it is about another mode's delivery.
    assert (await twilio(provider, delivery, form("sent"), mode=of)).status == 204
    assert (await state(crisis))[0] == "in_flight"


async def test_one_replayed_later_moves_nothing_back(as_role: As, crisis: Crisis) -> None:
    delivery, provider = await in_flight(crisis), await as_role(None)
    for status in ("sent", "undelivered", "sent"):
        await twilio(provider, delivery, form(status, ErrorCode="30003" if status == "undelivered" else "0"))
    assert (await state(crisis))[0] == "undelivered"
    assert await kept(crisis) == [("sent", True), ("undelivered", True)]


async def test_a_body_that_is_too_large_is_not_read_on(as_role: As, crisis: Crisis) -> None:
    delivery, provider = await in_flight(crisis), await as_role(None)
    answered = await twilio(provider, delivery, form("delivered", Body="x" * 70_000))
    assert answered.status == 413
    assert await state(crisis) == ("in_flight", None)


@pytest.mark.parametrize(
    ("mode", "channel"),
    [
        *product(("actual", "exercise"), ("website", "wordpress", "twitter", "linkedin")),
        ("test", "sms"),
        ("ACTUAL", "sms"),
    ],
)
async def test_where_nobody_reports_back_there_is_nothing(as_role: As, mode: str, channel: str) -> None:
    provider = await as_role(None)
    for method in ("POST", "GET"):
        assert (await provider(method, f"/receipts/{mode}/{channel}")).status == 404


async def test_facebooks_subscription_is_confirmed_to_those_who_know_the_word(as_role: As) -> None:
    meta = await as_role(None)
    asked = "/receipts/actual/facebook?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
    answered = await meta("GET", asked + VERIFY_TOKEN)
    assert (answered.status, answered.body, answered.headers["Content-Type"]) == (
        200,
        b"1158201444",
        "text/plain; charset=utf-8",
    )
    for wrong in ("guessed", "", "%C3%A6"):
        assert (await meta("GET", asked + wrong)).status == 403
    assert (await meta("GET", "/receipts/actual/sms")).status == 404


async def test_facebooks_webhook_is_checked_over_the_bytes_as_they_came(as_role: As, crisis: Crisis) -> None:
    meta = await as_role(None)
    value = {"item": "status", "verb": "add", "published": 1, "post_id": "1_2", "from": {"id": "1"}}
    body = json.dumps(
        {"object": "page", "entry": [{"changes": [{"field": "feed", "value": value}]}]}, indent=3
    ).encode()
    signature = "sha256=" + hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": signature, "Content-Type": "application/json"}
    assert (await meta("POST", "/receipts/actual/facebook", data=body, headers=headers)).status == 204
    forged = await meta(
        "POST", "/receipts/actual/facebook", data=json.dumps(json.loads(body)).encode(), headers=headers
    )
    assert forged.status == 403
    assert len(await kept(crisis)) == 1


async def test_what_facebook_tells_of_a_page_rings_the_watch_and_is_no_evidence(as_role: As, crisis: Crisis) -> None:
    account = await factories.account(crisis, "facebook", unit="biblioteket", address="1234")
    activation = await factories.activation(crisis.db)
    async with crisis.db.transaction() as session:
        await session.execute(
            text(
                """
                INSERT INTO watches (mode, activation_id, account_id, next_at, looked_at)
                VALUES ('actual', :activation, :account, now() + interval '2 minutes', now() - interval '1 minute')
                """
            ),
            {"activation": activation.id, "account": account},
        )
    value = {"item": "photo", "verb": "add", "post_id": "1234_77", "published": 1}
    body = json.dumps({"object": "page", "entry": [{"id": "1234", "changes": [{"field": "feed", "value": value}]}]})
    meta = await as_role(None)
    forged = {"X-Hub-Signature-256": "sha256=00"}
    assert (await meta("POST", "/receipts/actual/facebook", data=body.encode(), headers=forged)).status == 403
    assert not await is_due(crisis)
    signature = hmac.new(APP_SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signature}"}
    assert (await meta("POST", "/receipts/actual/facebook", data=body.encode(), headers=headers)).status == 204
    assert await is_due(crisis)
    async with crisis.db.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM breaches"))).scalar_one() == 0


async def is_due(crisis: Crisis) -> bool:
    async with crisis.db.transaction() as session:
        return bool((await session.execute(text("SELECT next_at <= now() FROM watches"))).scalar_one())
