"""Every role against every act, through the door. The table is the domain's own (``crisis.roles.MAY``)."""

import pytest

from crisis.bootstrap import Crisis
from crisis.roles import MAY, Act, Role
from tests import factories
from tests.api.conftest import As

CSV = {"data": b"number\n+4790000001\n", "headers": {"Content-Type": "text/csv"}}
REGISTER = {"data": b"channel\nfacebook\n", "headers": {"Content-Type": "text/csv"}}
DRAFT = {"contents": {}, "activation_id": 1, "kind": "alert"}

REQUESTS = {
    Act.ACTIVATE: [("POST", "/v1/activations", {"json": {"mode": "actual", "title": "Skred"}})],
    Act.STAND_DOWN: [
        ("POST", "/v1/activations/1/restore", {"json": {"unit": "biblioteket"}}),
        ("POST", "/v1/activations/1/stand-down", {"json": {"access": "unit_by_unit"}}),
    ],
    Act.WRITE_MESSAGE: [
        ("POST", "/v1/revisions", {"json": DRAFT}),
        ("PUT", "/v1/revisions/1", {"json": {"contents": {}, "built_on": 1}}),
        ("PUT", "/v1/revisions/1/texts/nb", {"json": {"fields": {}, "built_on": 0}}),
        ("POST", "/v1/revisions/1/submit", {}),
        ("POST", "/v1/revisions/1/take-back", {}),
        ("POST", "/v1/pointers", {"json": {"text": "Følg krise.fjordvik.kommune.no."}}),
    ],
    Act.APPROVE_MESSAGE: [
        ("POST", "/v1/pointers/999/approve", {}),
        ("POST", "/v1/pointers/999/withdraw", {}),
        ("POST", "/v1/revisions/1/approve", {}),
        ("POST", "/v1/revisions/1/send-back", {"json": {"reason": "Feil sted"}}),
        ("POST", "/v1/messages/999/retract", {}),
    ],
    Act.DECIDE_DELIVERY: [
        ("POST", "/v1/deliveries/999/decide", {"json": {"decision": "drop"}}),
        ("POST", "/v1/deliveries/999/withdraw", {}),
        ("POST", "/v1/messages/999/withdraw", {}),
        ("POST", "/v1/messages/999/try-again", {}),
    ],
    Act.HANDLE_BREACH: [
        ("POST", "/v1/breaches/999/contact", {"json": {"reached": "Kari Holm", "said": "Tar det ned."}}),
        ("POST", "/v1/breaches/999/take-down", {}),
        ("POST", "/v1/breaches/999/accept", {"json": {"reason": "Det er ikke i veien."}}),
    ],
    Act.POST: [("POST", "/v1/posts", {"json": {"account_id": 1, "text": "Åpent"}})],
    Act.MANAGE_ACCOUNTS: [
        ("POST", "/v1/accounts/import", REGISTER),
        ("PUT", "/v1/accounts/1/connection", {"json": {"address": "x"}}),
        ("PUT", "/v1/accounts/1/leader", {"json": {"leader": None}}),
        ("PUT", "/v1/accounts/1/administration", {"json": {"credentials": {}}}),
        ("POST", "/v1/accounts/1/try-lever", {}),
        ("PUT", "/v1/accounts/1/watching", {"json": {"feed_url": None, "only_here": True}}),
        ("PUT", "/v1/accounts/1/limit", {"json": {"concurrency": 5, "per_second": None}}),
        ("PUT", "/v1/accounts/1/standby", {"json": {"standby_for": 999}}),
        ("DELETE", "/v1/accounts/1/standby", {}),
        ("POST", "/v1/accounts/1/close", {}),
        ("POST", "/v1/contacts", {"json": {"unit": "biblioteket", "name": "x", "part": "leader", "phone": "1"}}),
        ("POST", "/v1/contacts/999", {"json": {"name": "x"}}),
        ("POST", "/v1/contacts/999/remove", {}),
        ("GET", "/v1/contacts", {}),
    ],
    Act.MANAGE_AUDIENCES: [
        ("POST", "/v1/audiences/import?name=alle", CSV),
        ("POST", "/v1/audiences/forget", {"json": {"number": "+4790000001"}}),
        ("POST", "/v1/audiences/erase-orphans", {"json": {"days": 30}}),
    ],
    Act.MANAGE_TOKENS: [
        ("POST", "/v1/tokens", {"json": {"name": "x", "role": "auditor"}}),
        ("POST", "/v1/tokens/999/revoke", {}),
        ("GET", "/v1/tokens", {}),
    ],
    Act.READ_CRISIS: [
        ("GET", "/v1/activations", {}),
        ("GET", "/v1/activations/current", {}),
        ("GET", "/v1/activations/1", {}),
        ("GET", "/v1/activations/1/status", {}),
        ("GET", "/v1/activations/1/lock-board", {}),
        ("GET", "/v1/activations/1/certificate", {}),
        ("GET", "/v1/status", {}),
        ("GET", "/v1/revisions?activation_id=1", {}),
        ("GET", "/v1/revisions/1", {}),
        ("GET", "/v1/revisions/1/preview", {}),
        ("GET", "/v1/revisions/1/hints", {}),
        ("GET", "/v1/revisions/1/deliveries", {}),
        ("GET", "/v1/drills", {}),
        ("GET", "/v1/drills/current", {}),
        ("GET", "/v1/messages/999", {}),
        ("GET", "/v1/messages/999/retraction", {}),
        ("GET", "/v1/breaches", {}),
        ("GET", "/v1/breaches/999", {}),
        ("GET", "/v1/activations/1/watch", {}),
        ("GET", "/v1/activations/1/planned-posts", {}),
        ("GET", "/v1/improvements", {}),
    ],
    Act.RUN_DRILL: [
        ("POST", "/v1/drills", {"json": {"playbook": "finnes-ikke"}}),
        ("GET", "/v1/drills/999", {}),
        ("POST", "/v1/drills/999/pause", {}),
        ("POST", "/v1/drills/999/resume", {}),
        ("POST", "/v1/drills/999/speed", {"json": {"speed": 2}}),
        ("POST", "/v1/drills/999/forward", {"json": {"elapsed": 60}}),
        ("POST", "/v1/drills/999/stop", {"json": {"reason": "nok"}}),
        ("POST", "/v1/drills/999/injects/I1/fire", {}),
        ("POST", "/v1/drills/999/injects/I1/skip", {}),
        ("POST", "/v1/drills/999/expectations/E1", {"json": {"met": True}}),
        ("POST", "/v1/drills/999/notes", {"json": {"text": "Rolig"}}),
    ],
    Act.READ_LOG: [
        ("GET", "/v1/activations/1/report", {}),
        ("GET", "/v1/drills/999/report", {}),
        ("GET", "/v1/drills/999/report.pdf", {}),
    ],
    Act.EXPORT_LOG: [("GET", "/v1/drills/999/package", {}), ("GET", "/v1/activations/999/package", {})],
    Act.WRITE_LOG: [
        ("POST", "/v1/drills/999/remarks", {"json": {"verdict": "went_well", "text": "Samarbeidet"}}),
        ("POST", "/v1/activations/999/remarks", {"json": {"verdict": "must_change", "text": "Vaktlisten"}}),
        ("POST", "/v1/drills/999/improvements", {"json": {"text": "Øv", "owner": "x", "due": "2030-01-01"}}),
        ("POST", "/v1/activations/999/improvements", {"json": {"text": "Øv", "owner": "x", "due": "2030-01-01"}}),
        ("POST", "/v1/improvements/999/close", {"json": {"state": "done", "outcome": "Øvd"}}),
    ],
    Act.READ_AUDIT: [("GET", "/v1/audit", {}), ("GET", "/v1/audit/verify", {})],
}
AT_THE_DESK = {
    Act.MANAGE_USERS,
    Act.ACKNOWLEDGE_BREAK_GLASS,
    Act.ACKNOWLEDGE_APPOINTMENT,
    Act.CONFIRM_SILENCE,
    Act.ACKNOWLEDGE,
}
"""What a person does, on a page, and no script with a token."""


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
async def test_a_role_may_do_what_the_table_says_and_nothing_else(as_role: As, crisis: Crisis, role: Role) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket" if role is Role.UNIT else factories.EDITORS)
    await factories.activation(crisis.db)  # a real one: what leads drills may end an exercise's, and not this
    client = await as_role(role)
    for act, requests in REQUESTS.items():
        for method, path, more in requests:
            answered = await client(method, path, **more)
            if role in MAY[act]:
                assert answered.status not in {401, 403, 500}, (act, path, answered.body)
            else:
                assert (answered.status, answered.json["type"]) == (403, "urn:problem-type:crisis:not-allowed"), path
                assert answered.json["detail"].startswith(f"en {role.value} has the role {role.value}"), path


def test_every_act_there_is_an_address_for_is_tried() -> None:
    assert set(Act) - AT_THE_DESK == set(REQUESTS)


async def test_nobody_gets_in_without_a_token(as_role: As) -> None:
    nobody = await as_role(None)
    for method, path, more in (request for requests in REQUESTS.values() for request in requests):
        answered = await nobody(method, path, **more)
        assert (answered.status, answered.headers["WWW-Authenticate"]) == (401, 'Bearer realm="crisis"'), path
    for path in ("/v1/accounts", "/v1/accounts/troubles", "/v1/accounts/1/limit", "/v1/audiences", "/v1/posts"):
        assert (await nobody("GET", path)).status == 401


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic Y3Jpc2lzOng=",
        "Bearer crisis_" + "a" * 43,
        "Bearer crisis_" + "a" * 4000,
        "Bearer crisis_" + "æ" * 43,
        "Bearer crisis_" + "%00" * 14 + "a",
        "bearer\tcrisis_" + "a" * 43,
        "crisis_" + "a" * 43,
    ],
)
async def test_a_malformed_token_is_a_problem_and_no_failure(as_role: As, header: str) -> None:
    nobody = await as_role(None)
    answered = await nobody("GET", "/v1/accounts", headers={"Authorization": header})
    assert (answered.status, answered.headers["Content-Type"]) == (401, "application/problem+json")
    assert answered.json["type"] == "urn:problem-type:crisis:not-authenticated"
    assert answered.headers["WWW-Authenticate"].startswith("Bearer")


async def test_who_is_there_is_asked_before_what_they_bring(as_role: As) -> None:
    nobody = await as_role(None)
    answered = await nobody("POST", "/v1/activations", data=b"{" * 100, headers={"Content-Type": "application/json"})
    assert answered.status == 401


async def test_a_revoked_token_is_worthless_at_once(as_role: As) -> None:
    admin = await as_role(Role.ADMIN)
    made = (await admin("POST", "/v1/tokens", {"name": "skript", "role": "auditor"})).json
    script = await as_role(None)
    script.token = made["secret"]
    assert (await script("GET", "/v1/audit")).status == 200
    assert (await admin("POST", f"/v1/tokens/{made['id']}/revoke")).json["revoked_at"] is not None
    assert (await script("GET", "/v1/audit")).status == 401
