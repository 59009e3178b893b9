"""WordPress in the lock: what a site may answer that neither the stand-in nor a well-behaved WordPress does."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from adapters.wordpress import WordPress
from crisis.channel_access import Access, Right
from crisis.channel_watch import Planned
from crisis.channels import (
    AccountRef,
    Gone,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Throttled,
)
from crisis.clock import now
from tests.adapters.scripted import Answer, Scripted, Seen
from tests.adapters.setups import a_setup

USERS = "/wp/v2/users"
ADMIN = {"admin_username": "sjef", "admin_application_password": "secret pass word", "publisher": "krise"}
LONG_AGO = "2020-01-01T00:00:00"


def user(number: int, login: str, *roles: str, own: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    can = {
        "author": ["publish_posts"],
        "editor": ["publish_posts", "edit_published_pages"],
        "shop": ["publish_products"],
    }
    granted = [capability for role in roles for capability in can.get(role, [])]
    return {
        "id": number, "username": login, "name": login.title(), "slug": login, "email": f"{login}@example.no",
        "roles": list(roles), "capabilities": dict.fromkeys([*granted, *own, *roles], True),
        "extra_capabilities": dict.fromkeys([*own, *roles], True), **more,
    }  # fmt: skip


STAFF = [user(1, "sjef", "administrator"), user(2, "krise", "author")]
ME = Answer(200, {"id": 1})
EDITORS = Access((Right("3", "Kari (kari)", ("editor",)), Right("4", "Ola (ola)", ("shop", "author"))))


def listed(*users: dict[str, Any], total: int | None = None, **headers: str) -> Answer:
    counted = {"X-WP-Total": str(len(users) if total is None else total), "X-WP-TotalPages": "1", **headers}
    return Answer(200, list(users), counted)


def refused(status: int, code: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"code": code, "message": "Sorry.", "data": {"status": status}}, named)


def post(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "slug": "en", "author": 9, "date_gmt": LONG_AGO, "modified_gmt": LONG_AGO, **more}


@pytest.fixture
def site() -> Iterator[Scripted]:
    with Scripted() as server:
        yield server


@pytest.fixture
async def wordpress(site: Scripted) -> AsyncIterator[WordPress]:
    channel = WordPress(a_setup(site.url, site.address, call_seconds=20.0))
    yield channel
    await channel.close()


@pytest.fixture
def admin(site: Scripted) -> AccountRef:
    return AccountRef(3, "wordpress", "Bibliotekets nettsted", site.url, ADMIN)


class Site:
    """Answers by method and route; for a list, one answer a time it is asked."""

    def __init__(self, **given: Answer | list[Answer]) -> None:
        self._given = {"GET /users/me": ME, **given}

    def __call__(self, seen: Seen) -> Answer:
        answer = self._given.get(f"{seen.method} {seen.query['rest_route'].removeprefix('/wp/v2')}", Answer(599))
        return answer.pop(0) if isinstance(answer, list) else answer


def site_of(server: Scripted, **given: Answer | list[Answer]) -> None:
    server.answer = Site(**given)


async def test_in_a_network_of_sites_users_that_are_hidden_are_not_taken_for_nobody(
    site: Scripted, wordpress: WordPress, admin: AccountRef
) -> None:
    """A site's own administrator is shown nobody's rights there, and an empty list with a total."""
    site_of(site, **{"GET /users": listed(*STAFF, total=7)})
    with pytest.raises(Misconfigured, match=r"2 of 7.*network"):
        await wordpress.inspect(admin)


async def test_who_can_publish_is_told_by_capabilities_and_not_by_the_names_of_roles(
    site: Scripted, wordpress: WordPress, admin: AccountRef
) -> None:
    users = [
        user(3, "butikk", "shop"), user(4, "leser", "subscriber"), user(5, "bidrag", "contributor", capabilities=[]),
        user(6, "direkte", own=("edit_published_posts",)), user(7, "nektet", "editor", capabilities={"publish_posts": False}),
        user(8, "opprykk", "author", own=("promote_users",)),
    ]  # fmt: skip
    passwords = {f"GET /users/{number}/application-passwords": Answer(200, []) for number in (3, 6, 8)}
    site_of(site, **{"GET /users": listed(*STAFF, *users), **passwords})
    access = await wordpress.inspect(admin)
    assert {each.name: each.is_removable for each in access.rights} == {
        "Butikk (butikk)": True, "Direkte (direkte)": False, "Opprykk (opprykk)": False,
    }  # fmt: skip
    assert access.facts == {
        "left alone": "Sjef (sjef): administrator, Krise (krise): author",
        "application passwords": "0",
    }


async def test_how_many_passwords_there_are_is_evidence_that_stops_nothing(
    site: Scripted, wordpress: WordPress, admin: AccountRef
) -> None:
    editors = [user(number, f"red{number}", "editor") for number in range(10, 55)]
    told = {"GET /users/10/application-passwords": Answer(200, [{"uuid": "a"}, {"uuid": "b"}]),
            "GET /users/11/application-passwords": refused(501, "application_passwords_disabled_for_user")}  # fmt: skip
    site_of(site, **{"GET /users": listed(*STAFF, *editors), **told})
    access = await wordpress.inspect(admin)
    assert len(access.open_to) == 45
    assert access.facts["application passwords"].startswith("Red10 (red10): 2, Red11 (red11): ?, Red12 (red12): ?")
    assert access.facts["application passwords"].endswith(", ..."), "no more than forty are counted"
    assert len([seen for seen in site.requests if "application-passwords" in seen.query["rest_route"]]) == 40


async def test_every_page_of_users_is_read_and_one_that_cannot_be_is_no_end_of_the_list(
    site: Scripted, wordpress: WordPress, admin: AccountRef
) -> None:
    pages = {"X-WP-TotalPages": "3"}
    whole = [
        listed(*STAFF, total=4, **pages),
        listed(user(3, "a"), total=4, **pages),
        listed(user(4, "b"), total=4, **pages),
    ]
    site_of(site, **{"GET /users": whole})
    assert not (await wordpress.inspect(admin)).rights
    assert sorted(seen.query.get("page", "1") for seen in site.requests if seen.query["rest_route"] == USERS) == list(
        "123"
    )
    for broken in (Answer(503, "<html>"), Answer(200, "null"), Answer(200, {"id": 1})):
        site_of(site, **{"GET /users": [listed(*STAFF, total=4, **pages), broken, broken]})
        with pytest.raises(OutcomeUnknown):
            await wordpress.inspect(admin)


async def test_of_several_that_fail_all_are_named_and_what_goes_by_itself_is_tried_again(
    site: Scripted, wordpress: WordPress, admin: AccountRef
) -> None:
    site_of(
        site,
        **{
            "POST /users/3": refused(403, "rest_cannot_edit_roles"),
            "POST /users/4": refused(429, "later", Retry_After="7"),
        },
    )
    with pytest.raises(Throttled) as raised:
        await wordpress.revoke(admin, EDITORS)
    assert raised.value.retry_after == 7.0
    assert str(raised.value) == (
        "Not everyone could be kept from publishing. Ola (ola): The site asks us to come back later. Kari (kari): WordPress does "
        "not let the service's user do this (rest_cannot_edit_roles). Give the user the administrator role. Nothing was written."
    )
    site_of(site, **{"POST /users/3": refused(403, "rest_cannot_edit_roles"), "POST /users/4": Answer(200, {"id": 3})})
    with pytest.raises(OutcomeUnknown, match=r"Ola.*no user.*Kari"):
        await wordpress.restore(admin, EDITORS)
    site_of(
        site,
        **{
            "POST /users/3": refused(404, "rest_user_invalid_id"),
            "POST /users/4": refused(400, "rest_user_invalid_role"),
        },
    )
    with pytest.raises(Rejected, match=r"Kari \(kari\): The user is not at the site any more.*Ola") as ended:
        await wordpress.restore(admin, EDITORS)
    assert not isinstance(ended.value, Gone)
    site_of(site, **{"POST /users/3": refused(404, "rest_user_invalid_id"), "POST /users/4": Answer(200, {"id": 4})})
    await wordpress.revoke(admin, EDITORS)  # who is not there cannot publish
    site_of(site, **{"POST /users/3": Answer(410, "<html>"), "POST /users/4": Answer(404, "<html>")})
    with pytest.raises(Gone, match="no WordPress"):
        await wordpress.restore(admin, EDITORS)


async def test_the_roles_are_given_back_in_their_order_and_no_password_is_ever_deleted(
    site: Scripted, wordpress: WordPress, admin: AccountRef
) -> None:
    kept = replace(EDITORS.rights[0], id="9", is_removable=False)
    access = replace(EDITORS, rights=(*EDITORS.rights, kept))
    site_of(site, **{"POST /users/3": Answer(200, {"id": 3}), "POST /users/4": Answer(200, {"id": 4})})
    await wordpress.revoke(admin, access)
    await wordpress.restore(admin, access)
    sent = sorted((seen.query["rest_route"], seen.json["roles"]) for seen in site.requests)
    assert sent == [
        (f"{USERS}/3", ["editor"]), (f"{USERS}/3", ["subscriber"]),
        (f"{USERS}/4", ["shop", "author"]), (f"{USERS}/4", ["subscriber"]),
    ]  # fmt: skip
    assert {seen.method for seen in site.requests} == {"POST"}


async def test_a_watch_that_is_not_told_the_time_says_so(site: Scripted, wordpress: WordPress) -> None:
    account = AccountRef(3, "wordpress", "Nettsted", site.url, {"username": "krise", "application_password": "x"})
    for listing in ([post(5, date_gmt="i går")], [post(5, modified_gmt=None)]):
        site_of(site, **{"GET /posts": Answer(200, listing), "GET /pages": Answer(200, [])})
        with pytest.raises(OutcomeUnknown):
            await wordpress.list_posted(account, 60.0)


async def test_a_planned_post_that_a_yes_does_not_make_a_draft_is_asked_about_again(
    site: Scripted, wordpress: WordPress, admin: AccountRef
) -> None:
    planned = Planned("5", now(), "Lesestund")
    waiting = Answer(200, {"id": 5, "status": "future"})
    site_of(site, **{"GET /posts/5": waiting, "POST /posts/5": waiting})
    with pytest.raises(OutcomeUnknown, match="does not show one"):
        await wordpress.unschedule(admin, planned)
    site_of(site, **{"GET /posts/5": refused(404, "rest_post_invalid_id")})
    with pytest.raises(Gone):
        await wordpress.unschedule(admin, planned)
    site_of(site, **{"GET /posts/5": waiting, "POST /posts/5": refused(403, "rest_cannot_edit")})
    with pytest.raises(Misconfigured):
        await wordpress.unschedule(admin, planned)


async def test_a_quiet_site_is_asked_for_numbers_alone(site: Scripted, wordpress: WordPress) -> None:
    account = AccountRef(3, "wordpress", "Nettsted", site.url, {"username": "krise", "application_password": "x"})
    site_of(site, **{"GET /posts": Answer(200, [post(5)]), "GET /pages": Answer(200, [])})
    for _ in range(2):
        assert list(await wordpress.list_posted(account, 60.0)) == []
    assert len(site.requests) == 1 + 4 + 4, "who we are is asked once"
    assert not any("content" in seen.query["_fields"] for seen in site.requests)
