"""The lock on a real WordPress, through our own adapter: what is promised of it is seen here, and not at our own stand-in alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.wordpress import WordPress
from crisis.channel_access import Access
from crisis.channels import AccountRef, Found, Gone, Misconfigured, Outgoing, Rejected, Sighting
from crisis.mode import Mode
from tests.adapters.real_wordpress.parity import ASKED, answered
from tests.adapters.real_wordpress.site import USERS, RealWordPress, need
from tests.adapters.sandbox_server import SandboxServer

MESSAGE = Outgoing(
    key="17", mode=Mode.ACTUAL, kind="alert", language="nb", title="Skred ved Moen", text="Gå ut nå.",
    html="<p>Gå ut nå. Øverst på åsen er det trygt.</p>",
)  # fmt: skip
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
OPEN = {"bibliotek", "skole", "it", "frivillig"}
"""Who can publish there beside our service and the administrator."""
WITHIN = 600.0
SLACK = 30.0


def account(site: RealWordPress, **more: str) -> AccountRef:
    credentials = {"username": "krise", "application_password": site.password("krise"), **more}
    return AccountRef(3, "wordpress", "Kommunens nettsted", site.url, credentials)


def admin(site: RealWordPress, login: str = "sjef") -> AccountRef:
    given = {"admin_username": login, "admin_application_password": site.password(login), "publisher": "krise"}
    return replace(account(site), credentials=given)


def whole(site: RealWordPress) -> AccountRef:
    """As the search for planned posts has it."""
    return account(site, **admin(site).credentials)


def post(site: RealWordPress, login: str, title: str, route: str = "posts", **more: Any) -> int:
    """Something that somebody puts there past us."""
    fields = {"title": title, "content": f"<p>{title}, sa {login}.</p>", "status": "publish", **more}
    made = site.ask(login, "POST", route, **fields)
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


def logins(access: Access) -> set[str]:
    return {each.name.rpartition("(")[2].rstrip(")") for each in access.open_to}


async def test_a_message_lives_its_whole_life(site: RealWordPress, wordpress: WordPress) -> None:
    receipt = await wordpress.publish(account(site), MESSAGE)
    assert (await wordpress.publish(account(site), MESSAGE)).reference == receipt.reference
    assert (await wordpress.read_back(account(site), receipt.reference)).text == (
        "Skred ved Moen\nGå ut nå. Øverst på åsen er det trygt."
    )
    assert await wordpress.look(account(site), receipt.reference, MESSAGE) == Sighting(Found.YES)
    newer = replace(MESSAGE, key="18", title="Skred ved Moen og Elvesletta", edits=receipt.reference)
    await wordpress.edit(account(site), receipt.reference, newer)
    assert (await wordpress.reconcile(account(site), newer, SINCE)).found is Found.YES
    assert (await wordpress.reconcile(account(site), MESSAGE, SINCE)).reference == receipt.reference
    await wordpress.withdraw(account(site), receipt.reference)
    await wordpress.withdraw(account(site), receipt.reference)
    assert (await wordpress.reconcile(account(site), MESSAGE, SINCE)).found is Found.NO


async def test_locked_the_unit_is_refused_and_we_publish_and_everyone_gets_back_what_they_had(
    site: RealWordPress, wordpress: WordPress
) -> None:
    saved = await wordpress.inspect(admin(site))
    assert logins(saved) == OPEN
    assert {each.name: each.rights for each in saved.rights}["Skolens redaktør (skole)"] == ("contributor", "author")
    assert saved.facts["application passwords"] == (
        "Bibliotekets redaktør (bibliotek): 2, Skolens redaktør (skole): 1, IT-avdelingen (it): 1, "
        "Frivilligsentralen (frivillig): 1"
    )
    assert (
        saved.facts["left alone"] == "Nettstedets administrator (sjef): administrator, Krisetjenesten (krise): author"
    )
    before = post(site, "bibliotek", "Lesestund")

    await wordpress.revoke(admin(site), Access.from_json(saved.to_json()))
    await wordpress.revoke(admin(site), saved)
    left = await wordpress.inspect(admin(site))
    assert [(each.name, each.is_removable) for each in left.open_to] == [("Frivilligsentralen (frivillig)", False)]
    for login in ("bibliotek", "skole", "it"):
        refused = site.ask(login, "POST", "posts", title="Åpent som vanlig", status="publish")
        assert (refused.status_code, refused.json()["code"]) == (403, "rest_cannot_create")
    assert site.ask("bibliotek", "POST", f"posts/{before}", content="Noe annet").status_code == 403
    assert site.ask("it", "POST", f"users/{site.id_of('it')}", roles=["administrator"]).status_code == 403
    receipt = await wordpress.publish(account(site), MESSAGE)
    await wordpress.edit(account(site), receipt.reference, replace(MESSAGE, title="Skred ved Moen, nytt"))

    for _ in range(2):
        await wordpress.restore(admin(site), Access.from_json(saved.to_json()))
        assert await wordpress.inspect(admin(site)) == saved
    for login in ("bibliotek", "skole", "it"):
        post(site, login, "Åpent igjen")


async def test_what_is_not_ours_is_found_with_its_author_and_ours_is_known(
    site: RealWordPress, wordpress: WordPress
) -> None:
    assert list(await wordpress.list_posted(account(site), WITHIN)) == []
    receipt = await wordpress.publish(account(site), MESSAGE)
    number = post(site, "frivillig", "Dugnad som planlagt")
    page = post(site, "bibliotek", "Åpningstider", "pages")
    claimed = post(site, "bibliotek", "Falsk", slug="crisis-99")
    old = (datetime.now(UTC) - timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%S")
    backdated = post(site, "bibliotek", "I fjor", status="draft", date_gmt=old)  # as wp-admin does it: a draft first
    assert site.ask("bibliotek", "POST", f"posts/{backdated}", status="publish").json()["status"] == "publish"
    found = {each.reference: each for each in await wordpress.list_posted(account(site), WITHIN)}
    assert set(found) == {receipt.reference, str(number), f"pages/{page}", str(claimed), str(backdated)}
    ours, foreign = found[receipt.reference], found[str(number)]
    assert (ours.is_ours, ours.key) == (True, "17")
    assert (foreign.is_ours, foreign.key, foreign.author) == (False, None, "Frivilligsentralen")
    assert foreign.text == "Dugnad som planlagt\nDugnad som planlagt, sa frivillig."
    assert foreign.url is not None
    assert foreign.url.startswith(site.url)
    assert (found[str(claimed)].is_ours, found[str(claimed)].key) == (False, None)
    assert all(0 <= each.age_seconds < SLACK for each in found.values()), "by the site's own clock, in UTC"


async def test_words_that_were_changed_are_found_and_what_was_long_out_is_not(
    site: RealWordPress, wordpress: WordPress
) -> None:
    age = '$wpdb->query("UPDATE $wpdb->posts SET post_date = post_date - INTERVAL 1 DAY, post_date_gmt = post_date_gmt '
    age += "- INTERVAL 1 DAY, post_modified = post_modified - INTERVAL 1 DAY, post_modified_gmt = post_modified_gmt "
    age += '- INTERVAL 1 DAY");'
    for title in ("Lesestund", "Quiz"):
        last = post(site, "bibliotek", title)
    site.php(age)
    assert list(await wordpress.list_posted(account(site), WITHIN)) == []
    assert site.ask("bibliotek", "POST", f"posts/{last}", content="<p>Alt er trygt</p>").status_code == 200
    (found,) = await wordpress.list_posted(account(site), WITHIN)
    assert (found.reference, found.text) == (str(last), "Quiz\nAlt er trygt")


async def test_a_post_that_waits_would_come_out_in_spite_of_the_role_and_is_unscheduled(
    site: RealWordPress, wordpress: WordPress
) -> None:
    """WordPress asks who may publish when a post is scheduled, and not again when it comes out."""
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    at = due.strftime("%Y-%m-%dT%H:%M:%S")
    number = post(site, "bibliotek", "Lesestund", date_gmt=at, excerpt="For de minste")
    page = post(site, "bibliotek", "Ferie", "pages", date_gmt=at)
    left = post(site, "bibliotek", "Overses", date_gmt=at)
    saved = await wordpress.inspect(admin(site))
    await wordpress.revoke(admin(site), saved)

    with pytest.raises(Misconfigured, match="0 of 2"):  # the publishing user is an author, and sees its own alone
        await wordpress.list_planned(account(site))
    planned = {each.reference: each for each in await wordpress.list_planned(whole(site))}
    assert set(planned) == {str(number), f"pages/{page}", str(left)}
    found = planned[str(number)]
    assert (found.title, found.text, found.due_at, found.author) == (
        "Lesestund", "Lesestund, sa bibliotek.", due, "Bibliotekets redaktør",
    )  # fmt: skip
    assert found.attributes == {"excerpt": "For de minste"}
    assert planned[f"pages/{page}"].attributes == {"kind": "page"}
    for reference in (str(number), f"pages/{page}"):
        for _ in range(2):
            await wordpress.unschedule(whole(site), planned[reference])
    assert [each.reference for each in await wordpress.list_planned(whole(site))] == [str(left)]

    site.php(
        f"foreach ([{number}, {page}, {left}] as $id) if (get_post_status($id) === 'future') wp_publish_post($id);"
    )  # fmt: skip - as wp-cron does when it is time
    shown = {n: site.ask("sjef", "GET", f"posts/{n}", query={"context": "edit"}).json() for n in (number, left)}
    assert (shown[number]["status"], shown[left]["status"]) == ("draft", "publish")
    assert shown[number]["author"] == site.id_of("bibliotek")
    assert shown[number]["content"]["raw"] == "<p>Lesestund, sa bibliotek.</p>"
    with pytest.raises(Gone):
        await wordpress.unschedule(whole(site), planned[str(left)])
    assert site.ask(None, "GET", f"posts/{left}").status_code == 200, (
        "what the public has seen is not taken down by the way"
    )
    await wordpress.restore(admin(site), saved)
    assert site.ask("bibliotek", "GET", f"posts/{number}", query={"context": "edit"}).status_code == 200


async def test_taken_down_what_is_somebody_elses_is_a_draft_of_theirs(
    site: RealWordPress, wordpress: WordPress
) -> None:
    number, page = post(site, "bibliotek", "Åpent som vanlig"), post(site, "skole", "Skolen er åpen")
    other = post(site, "bibliotek", "Åpningstider", "pages")
    with pytest.raises(Misconfigured):
        await wordpress.withdraw(account(site), str(number))
    for reference in (str(number), str(page), f"pages/{other}"):
        for _ in range(2):
            await wordpress.withdraw(whole(site), reference)
        assert (await wordpress.read_back(whole(site), reference)).found is Found.NO
    assert list(await wordpress.list_posted(account(site), WITHIN)) == []
    shown = site.ask("bibliotek", "GET", f"pages/{other}", query={"context": "edit"}).json()
    assert (shown["status"], shown["title"]["raw"]) == ("draft", "Åpningstider")


async def test_only_an_administrator_pulls_it_and_only_knowing_who_we_are(
    site: RealWordPress, wordpress: WordPress
) -> None:
    saved = await wordpress.inspect(admin(site))
    with pytest.raises(Misconfigured, match="administrator"):
        await wordpress.inspect(admin(site, "bibliotek"))
    with pytest.raises(Misconfigured, match="administrator"):
        await wordpress.revoke(admin(site, "bibliotek"), saved)
    for changed in ({"publisher": "ingen"}, {"publisher": ""}, {"admin_application_password": "feil"}, {}):
        ref = replace(admin(site), credentials={**admin(site).credentials, **changed} if changed else {})
        with pytest.raises(Misconfigured):
            await wordpress.inspect(ref)
    by_mail = replace(admin(site), credentials={**admin(site).credentials, "publisher": "Krise@example.no"})
    assert await wordpress.inspect(by_mail) == saved
    assert logins(saved) == OPEN


async def test_a_user_who_was_deleted_meanwhile_is_named_and_the_others_get_theirs(
    site: RealWordPress, wordpress: WordPress
) -> None:
    made = site.ask(
        "sjef", "POST", "users", username="vikar", email="vikar@example.no", password="x" * 24, roles=["editor"]
    )
    assert made.status_code == 201
    saved = await wordpress.inspect(admin(site))
    assert logins(saved) == OPEN | {"vikar"}
    await wordpress.revoke(admin(site), saved)
    gone = site.ask("sjef", "DELETE", f"users/{made.json()['id']}", query={"force": "true", "reassign": "1"})
    assert gone.status_code == 200
    await wordpress.revoke(admin(site), saved)
    with pytest.raises(Rejected, match="vikar: The user is not at the site any more") as raised:
        await wordpress.restore(admin(site), saved)
    assert not isinstance(raised.value, Gone)
    assert logins(await wordpress.inspect(admin(site))) == OPEN


async def test_a_site_with_more_users_than_a_page_holds_is_seen_whole(
    site: RealWordPress, wordpress: WordPress
) -> None:
    site.php("global $wpdb; for ($n = 0; $n < 110; $n++) { $wpdb->insert($wpdb->users, ['user_login' => \"innbygger$n\", "
             "'user_nicename' => \"innbygger$n\", 'user_registered' => '2026-01-01 00:00:00']); $wpdb->insert($wpdb->usermeta, "
             "['user_id' => $wpdb->insert_id, 'meta_key' => 'wp_capabilities', 'meta_value' => "
             "serialize([$n < 109 ? 'subscriber' : 'author' => true])]); }")  # fmt: skip
    try:
        assert logins(await wordpress.inspect(admin(site))) == OPEN | {"innbygger109"}
    finally:
        site.php("global $wpdb; foreach (get_users(['search' => 'innbygger*', 'fields' => 'ID']) as $id) { "
                 "$wpdb->delete($wpdb->users, ['ID' => $id]); $wpdb->delete($wpdb->usermeta, ['user_id' => $id]); }")  # fmt: skip


def test_the_stand_in_answers_as_the_real_one_does(site: RealWordPress) -> None:
    with SandboxServer() as sandbox:
        people = [{"login": login, "name": given["name"], "roles": given["roles"], "own": given.get("own", []),
                   "passwords": given.get("passwords", 1)} for login, given in USERS.items()]  # fmt: skip
        sandbox.set_rights("wordpress", "wp", people)
        real = answered(site.url, {login: site.password(login) for login in USERS})
        ours = answered(f"{sandbox.url}/wp/", dict.fromkeys(USERS, "sandbox"))
    differing = {name: (said, ours[name]) for name, said in real.items() if ours[name] != said}
    assert not differing, "the real one's answer, and the stand-in's"
    assert len(real) == len(ASKED)


def test_without_a_wordpress_it_is_skipped_with_a_reason_and_fails_where_it_must_run() -> None:
    need([], is_needed=True)
    with pytest.raises(pytest.skip.Exception, match=r"no WordPress here \(php\): apt-get install"):
        need(["php"], is_needed=False)
    with pytest.raises(pytest.fail.Exception, match="mariadb-server"):
        need(["php"], is_needed=True)
