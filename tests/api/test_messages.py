"""Messages over HTTP: written, saved, seen, approved, followed."""

from datetime import timedelta

from sqlalchemy import text

from crisis import clock
from crisis.bootstrap import Crisis
from crisis.roles import Role
from tests import factories
from tests.api.conftest import As


def draft(activation_id: int, **more: object) -> dict[str, object]:
    later = (clock.now() + timedelta(hours=1)).isoformat()
    return {
        "activation_id": activation_id,
        "kind": "alert",
        "contents": factories.SLIDE,
        "next_update_at": later,
        **more,
    }


def changed(**fields: object) -> dict[str, object]:
    return {"nb": {**factories.SLIDE["nb"], **fields}}


async def test_a_message_goes_from_draft_to_status(as_role: As, crisis: Crisis) -> None:
    editor = await as_role(Role.EDITOR)
    await factories.account(crisis, "website")
    await factories.account(crisis, "sms", address="Fjordvik")
    audience = await factories.audience(crisis, 30)
    activation = await factories.activation(crisis.db)
    written = await editor("POST", "/v1/revisions", draft(activation.id, audience_id=audience))
    assert (written.status, written.json["state"], written.json["saves"]) == (201, "draft", 1)
    path = written.headers["Location"]
    assert (await editor("GET", path)).json == written.json

    plan = (await editor("GET", f"{path}/preview")).json
    assert (plan["deliveries"], plan["problems"]) == ({"website": 1, "sms": 30}, [])
    assert {preview["channel"] for preview in plan["previews"]} == {"website", "sms"}
    assert all(preview["length"]["count"] > 0 for preview in plan["previews"])

    approved = await editor("POST", f"{path}/approve")
    assert (approved.status, approved.json["deliveries"]) == (200, {"website": 1, "sms": 30})
    assert approved.json["revision"]["approved_by"] == "en editor"

    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE deliveries SET state = 'delivered' WHERE id % 3 = 0"))
    status = (await editor("GET", f"/v1/activations/{activation.id}/status")).json
    assert (status["totals"]["total"], sum(status["totals"]["counts"].values())) == (31, 31)
    assert status["channels"]["sms"]["total"] == 30
    assert all(sum(line["counts"].values()) == line["total"] for line in status["lines"])
    assert status["words"]["unknown"] == "may be out, being checked"

    one = await editor("GET", f"{path}/deliveries?limit=20")
    rest = await editor("GET", f"{path}/deliveries?limit=20&after={one.json['next']}")
    deliveries = one.json["items"] + rest.json["items"]
    assert (len(deliveries), rest.json["next"]) == (31, None)
    assert {len(each["last_two"]) for each in deliveries if each["channel"] == "sms"} == {2}
    assert "+474" not in one.body.decode()
    delivered = (await editor("GET", f"{path}/deliveries?state=delivered&channel=sms")).json["items"]
    assert {(each["state"], each["channel"], each["words"]) for each in delivered} == {
        ("delivered", "sms", "delivered")
    }


async def test_a_stale_save_gives_back_both_texts(as_role: As, crisis: Crisis) -> None:
    one, other = await as_role(Role.EDITOR), await as_role(Role.EDITOR)
    activation = await factories.activation(crisis.db)
    written = await one("POST", "/v1/revisions", draft(activation.id))
    path, later = written.headers["Location"], written.json["next_update_at"]
    theirs, yours = changed(headline="Den enes"), changed(headline="Den andres")
    saved = await one("PUT", path, {"contents": theirs, "built_on": 1, "next_update_at": later})
    assert (saved.status, saved.json["saves"]) == (200, 2)
    stale = await other("PUT", path, {"contents": yours, "built_on": 1, "next_update_at": later})
    assert (stale.status, stale.json["type"]) == (409, "urn:problem-type:crisis:stale-save")
    assert (stale.json["theirs"]["contents"], stale.json["theirs"]["saves"]) == (theirs, 2)
    assert stale.json["yours"]["contents"] == yours
    assert (await one("GET", path)).json["contents"] == theirs


async def test_an_update_goes_on_with_its_message(as_role: As, crisis: Crisis) -> None:
    editor = await as_role(Role.EDITOR)
    await factories.account(crisis, "website")
    activation = await factories.activation(crisis.db)
    alert = (await editor("POST", "/v1/revisions", draft(activation.id))).json
    early = draft(activation.id, kind="update", message_id=alert["message_id"])
    assert (await editor("POST", "/v1/revisions", early)).status == 409
    await editor("POST", f"/v1/revisions/{alert['id']}/approve")
    update = await editor("POST", "/v1/revisions", early)
    assert (update.status, update.json["number"], update.json["supersedes_id"]) == (201, 2, alert["id"])
    listed = (await editor("GET", f"/v1/revisions?activation_id={activation.id}")).json["items"]
    assert [(each["kind"], each["state"]) for each in listed] == [("alert", "approved"), ("update", "draft")]


async def test_every_fault_of_a_message_is_named_at_once(as_role: As, crisis: Crisis) -> None:
    editor = await as_role(Role.EDITOR)
    activation = await factories.activation(crisis.db)
    faulty = draft(activation.id, contents=changed(headline="", where="XX", leads="___"))
    refused = await editor("POST", "/v1/revisions", faulty)
    assert (refused.status, len(refused.json["problems"])) == (422, 3)
    assert all(problem.startswith("nb: ") for problem in refused.json["problems"])


async def test_what_there_is_not_is_404(as_role: As) -> None:
    editor = await as_role(Role.EDITOR)
    for path in ("/v1/revisions/9", "/v1/revisions/9/deliveries", "/v1/activations/9/status", "/v1/activations/9"):
        answered = await editor("GET", path)
        assert (answered.status, answered.json["type"]) == (404, "urn:problem-type:crisis:not-found"), path


async def test_what_is_typed_so_far_is_kept_and_what_is_missing_is_named(as_role: As, crisis: Crisis) -> None:
    editor = await as_role(Role.EDITOR)
    await factories.account(crisis, "website")
    activation = await factories.activation(crisis.db)
    half = {"nb": {"headline": "Skred ved {område}"}}
    begun = draft(activation.id, contents=half, finished=False, next_update_at=None, hazard="landslide")
    written = await editor("POST", "/v1/revisions", begun)
    assert (written.status, written.json["contents"]) == (201, half)
    path = written.headers["Location"]
    faults = (await editor("GET", f"{path}/preview")).json["faults"]
    assert {"code": "placeholder", "language": "nb", "field": "headline", "item": None} in [
        {name: fault[name] for name in ("code", "language", "field", "item")} for fault in faults
    ]
    refused = await editor("POST", f"{path}/approve")
    assert (refused.status, len(refused.json["problems"])) == (422, len(faults))
    hints = (await editor("GET", f"{path}/hints")).json
    assert {hint["id"] for hint in hints} >= {"guidance", "time"}


async def test_a_stale_save_of_one_language_gives_both_and_of_two_languages_none(as_role: As, crisis: Crisis) -> None:
    one, other = await as_role(Role.EDITOR), await as_role(Role.DIRECTOR)
    activation = await factories.activation(crisis.db)
    path = (await one("POST", "/v1/revisions", draft(activation.id))).headers["Location"]
    saved = await one("PUT", f"{path}/texts/nb", {"fields": {"headline": "Den enes"}, "built_on": 1})
    assert (saved.status, saved.json["part_saves"]["nb"]["saves"]) == (200, 2)
    assert (await other("PUT", f"{path}/texts/en", {"fields": {"headline": "Theirs"}, "built_on": 0})).status == 200
    stale = await other("PUT", f"{path}/texts/nb", {"fields": {"headline": "Den andres"}, "built_on": 1})
    assert (stale.status, stale.json["type"]) == (409, "urn:problem-type:crisis:stale-part")
    assert (stale.json["theirs"], stale.json["yours"]) == ({"headline": "Den enes"}, {"headline": "Den andres"})
    assert (await other("PUT", f"{path}/texts/tlh", {"fields": {}, "built_on": 0})).status == 422


async def test_a_draft_is_sent_for_approval_returned_and_sent_again(as_role: As, crisis: Crisis) -> None:
    one, other = await as_role(Role.EDITOR), await as_role(Role.DIRECTOR)
    await factories.account(crisis, "website")
    activation = await factories.activation(crisis.db)
    path = (await one("POST", "/v1/revisions", draft(activation.id))).headers["Location"]
    assert (await one("POST", f"{path}/submit")).json["state"] == "waiting"
    held = await one("PUT", f"{path}/texts/nb", {"fields": {}, "built_on": 1})
    assert (held.status, held.json["type"]) == (409, "urn:problem-type:crisis:held-for-approval")
    back = await other("POST", f"{path}/send-back", {"reason": "Feil møtested"})
    assert (back.json["state"], back.json["returned_for"]) == ("returned", "Feil møtested")
    assert (await other("POST", f"{path}/take-back")).status == 409
    await one("POST", f"{path}/submit")
    assert (await one("POST", f"{path}/take-back")).json["state"] == "draft"
    left_out = await one("POST", f"{path}/approve", {"leave_out": ["en"]})
    assert (left_out.status, left_out.json["revision"]["state"]) == (200, "approved")
