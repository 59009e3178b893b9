"""What nobody can tell about, decided over HTTP; and a status word that nobody knows, from the callback to the screen."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.roles import Role
from crisis.settings import Settings
from tests import factories
from tests.api.conftest import As
from tests.api.test_receipts import form, in_flight, kept, twilio
from tests.crisis.cli.conftest import Shell


async def nobody_can_tell(crisis: Crisis) -> int:
    """A public post in front of a person; the delivery's number."""
    await factories.account(crisis, "facebook", name="Fjordvik kommune")
    activation = await factories.activation(crisis.db)
    await factories.approved_alert(crisis, activation.id)
    async with crisis.db.transaction() as session:
        for state in ("leased", "in_flight", "unknown", "unknown_final"):
            found = await session.execute(text("UPDATE deliveries SET state = :state RETURNING id"), {"state": state})
    return int(found.scalar_one())


async def delivery(crisis: Crisis) -> tuple[str, str | None, bool]:
    async with crisis.db.transaction() as session:
        row = (await session.execute(text("SELECT state, url, repeated FROM deliveries"))).one()
    return row.state, row.url, row.repeated


@pytest.mark.parametrize(
    ("decision", "state", "repeated"),
    [("send_again", "ready", True), ("drop", "cancelled", False), ("mark_sent", "accepted", False)],
)
async def test_a_person_decides_once(as_role: As, crisis: Crisis, decision: str, state: str, *, repeated: bool) -> None:
    number, editor = await nobody_can_tell(crisis), await as_role(Role.EDITOR)
    first, again = [
        await editor("POST", f"/v1/deliveries/{number}/decide", {"decision": decision}, key="k") for _ in range(2)
    ]
    assert (first.status, first.json["state"]) == (200, state)
    assert (again.status, again.json, again.headers["Idempotent-Replayed"]) == (200, first.json, "true")
    assert await delivery(crisis) == (state, None, repeated)
    other = await editor("POST", f"/v1/deliveries/{number}/decide", {"decision": "drop"})
    assert (other.status, "nothing to decide" in other.json["detail"]) == (409, True)


async def test_marked_as_sent_by_hand_the_ledger_has_the_link(as_role: As, crisis: Crisis) -> None:
    number, editor = await nobody_can_tell(crisis), await as_role(Role.EDITOR)
    link = "https://facebook.example/fjordvik/posts/1"
    for wrong in ("", "javascript:alert(1)", "https://", "https://u:p@a.no/", "https://a.no/\x00", "https://a.no/ x"):
        refused = await editor("POST", f"/v1/deliveries/{number}/decide", {"decision": "mark_sent", "url": wrong})
        assert (refused.status, "Nothing was decided" in refused.json["detail"]) == (422, True), wrong
    out_of_place = await editor("POST", f"/v1/deliveries/{number}/decide", {"decision": "drop", "url": link})
    assert out_of_place.status == 422
    assert (await delivery(crisis))[0] == "unknown_final"
    await editor("POST", f"/v1/deliveries/{number}/decide", {"decision": "mark_sent", "url": link})
    (line,) = (await editor("GET", "/v1/activations/1/status")).json["lines"]
    assert (line["url"], line["counts"]) == (link, {"accepted": 1})
    (item,) = (await editor("GET", "/v1/revisions/1/deliveries")).json["items"]
    assert (item["url"], item["state"]) == (link, "accepted")
    assert "marked as sent by en editor" in item["error"]


async def test_a_check_that_nobody_can_answer_leaves_it_to_the_person(as_role: As, crisis: Crisis) -> None:
    number, editor = await nobody_can_tell(crisis), await as_role(Role.EDITOR)
    asked = await editor("POST", f"/v1/deliveries/{number}/check")
    assert (asked.status, asked.json["state"]) == (200, "unknown_final"), asked.body
    assert "nobody can tell" in asked.json["answer"]
    assert (await editor("POST", "/v1/deliveries/4711/check")).status == 404
    for role in (Role.AUDITOR, Role.UNIT):
        assert (await (await as_role(role))("POST", f"/v1/deliveries/{number}/check")).status == 403


async def test_a_status_word_that_nobody_knows_is_kept_counted_and_shown(
    as_role: As, crisis: Crisis, api_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, provider, editor = await in_flight(crisis), await as_role(None), await as_role(Role.EDITOR)
    before = await _unknown(as_role)
    for status in ("teleported", "sent", "teleported", "<b>bold\x1b[2J"):
        assert (await twilio(provider, number, form(status))).status == 204
    assert [status for status, _ in await kept(crisis)] == ["unknown", "sent", "unknown"]
    assert await _unknown(as_role) - before == 2
    status = (await editor("GET", "/v1/activations/1/status")).json
    (line,) = status["lines"]
    assert line["unknown_words"] == {"teleported": 1, "'<b>bold\\x1b[2J'": 1}
    assert line["counts"] == {"sent": 1}, "it moved nothing, and is no part of the counts"
    (item,) = (await editor("GET", "/v1/revisions/1/deliveries")).json["items"]
    assert item["unknown_words"] == ["teleported", "'<b>bold\\x1b[2J'"]
    shell = Shell(monkeypatch)
    for name in api_settings.model_fields_set - {"redis_url"}:
        shell.set(name, getattr(api_settings, name))
    shown = await shell("status")
    assert shown.code == 0, shown.err
    assert "sent on by the provider; the provider also says" in shown.said
    assert "“teleported” of 1" in shown.said
    assert "\x1b[2J" not in shown.out, "no word steers the terminal"
    (told,) = (await shell("status", "--json")).json["lines"]
    assert told["unknown_words"]["teleported"] == 1


async def test_of_a_post_that_is_known_by_the_providers_id_the_word_is_shown_too(as_role: As, crisis: Crisis) -> None:
    number, editor = await nobody_can_tell(crisis), await as_role(Role.EDITOR)
    await editor("POST", f"/v1/deliveries/{number}/decide", {"decision": "mark_sent"})
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE deliveries SET reference = '1_2'"))
        await session.execute(
            text(
                """
                INSERT INTO receipts (mode, channel, reference, status, word, raw)
                SELECT mode, channel, '1_2', 'unknown', 'archived', '{}'
                FROM (VALUES ('actual', 'facebook'), ('exercise', 'facebook'), ('actual', 'twitter')) AS r (mode, channel)
                """
            )
        )
    (line,) = (await editor("GET", "/v1/activations/1/status")).json["lines"]
    assert line["unknown_words"] == {"archived": 1}
    (item,) = (await editor("GET", "/v1/revisions/1/deliveries")).json["items"]
    assert item["unknown_words"] == ["archived"]


async def _unknown(as_role: As) -> float:
    answered = (await (await as_role(None))("GET", "/metrics")).body.decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(answered)
        for sample in family.samples
        if sample.name == "crisis_receipts_total" and sample.labels["result"] == "unknown"
    )
