"""What a unit's editor is told, in every state that a post can be in when the lock falls, on the page and by the API alike."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from crisis import clock
from crisis.activations.models import Activation
from crisis.bootstrap import Crisis
from crisis.posts.fate import Fate
from crisis.roles import Actor, Role
from tests import factories
from tests.api.conftest import As
from tests.api.desk.browser import Browser
from tests.api.desk.conftest import SignIn

LIBRARIAN = Actor("Bibliotekaren", Role.UNIT, "biblioteket")
BODY = "Vi holder åpent til kl. 19."
PUBLISHED = {"account_id": 1, "text": BODY}


@pytest.fixture
async def page(crisis: Crisis) -> int:
    return await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")


async def move(crisis: Crisis, state: str, *, more: str = "") -> None:
    """As the sender, or the sweep, would leave the one delivery there is; step by step where a step is refused."""
    steps = {
        "accepted": ["in_flight"],
        "unknown": ["in_flight"],
        "retry_wait": ["in_flight"],
        "rejected": ["in_flight"],
    }
    steps["unknown_final"] = ["in_flight", "unknown"]
    for each in [*steps.get(state, []), state]:
        async with crisis.db.transaction() as session:
            await session.execute(
                text(f"UPDATE deliveries SET state = :state, changed_at = clock_timestamp(){more}"), {"state": each}
            )


BEFORE: dict[str, tuple[str, Fate, str]] = {
    "was due, and no sender had taken it": ("ready", Fate.STOPPING, "Det stanses før det begynner"),
    "was taken, and not begun": ("leased", Fate.STOPPING, "teksten blir tatt vare på"),
    "was to be tried again": ("retry_wait", Fate.STOPPING, "Det stanses før det begynner"),
    "was on its way": ("in_flight", Fate.IN_DOUBT, "vi undersøker om det kom ut"),
    "half-sent: nobody knows": ("unknown", Fate.IN_DOUBT, "Det sendes ikke på nytt imens"),
    "nobody could find out": ("unknown_final", Fate.NEEDS_PERSON, "Se på kontoen, og si hva du ser"),
    "was out": ("accepted", Fate.OUT_BEFORE, "før låsen"),
    "had been refused": ("rejected", Fate.FAILED, "Det kom ikke ut"),
}
OUT = {Fate.OUT, Fate.OUT_BEFORE, Fate.OUT_ACROSS}


@pytest.mark.parametrize("why", BEFORE)
async def test_a_post_that_stood_somewhere_when_the_lock_fell_is_told_of_honestly(
    crisis: Crisis, page: int, sign_in: SignIn, as_role: As, why: str
) -> None:
    state, fate, words = BEFORE[why]
    post = await crisis.posts.publish(LIBRARIAN, page, BODY)
    if state != "ready":
        await move(crisis, state)
    await factories.activation(crisis.db)
    unit, script = await sign_in(Role.UNIT), await as_role(Role.UNIT)
    for address in ("/posts", f"/posts/{post.id}"):
        shown = await unit.get(address)
        assert words in shown.text, address
        assert BODY in shown.text, address
        assert "Ring nettredaksjonen: Vakttelefonen 74 00 00 01" in shown.text, "whom to call"
        assert factories.DIRECTOR.name in shown.text, "why"
    told = (await script("GET", f"/v1/posts/{post.id}")).json
    assert (told["fate"], told["text"]) == (fate.value, BODY)
    assert (fate in OUT) == (state == "accepted"), "nothing is said to be out that is not known to be"


async def test_what_came_out_after_the_lock_fell_is_told_apart_from_what_was_out_before(
    crisis: Crisis, page: int, sign_in: SignIn
) -> None:
    await crisis.posts.publish(LIBRARIAN, page, BODY)
    await move(crisis, "in_flight")
    await factories.activation(crisis.db)
    await move(crisis, "accepted")
    shown = await (await sign_in(Role.UNIT)).get("/posts/1")
    assert "Det var på vei ut da låsen falt, og kom ut" in shown.text


async def test_what_is_scheduled_is_told_that_it_will_be_stopped_and_then_that_it_was(
    crisis: Crisis, page: int, sign_in: SignIn, as_role: As
) -> None:
    await crisis.posts.publish(LIBRARIAN, page, BODY, publish_at=clock.now() + timedelta(hours=1))
    await factories.activation(crisis.db)
    unit, script = await sign_in(Role.UNIT), await as_role(Role.UNIT)
    assert "Kommer tiden mens låsen gjelder, blir det stanset og tatt vare på" in (await unit.get("/posts")).text
    assert (await script("GET", "/v1/posts/1")).json["fate"] == "will_be_blocked"
    await move(crisis, "blocked", more=", error = 'held by the lock'")
    shown = await unit.get("/posts")
    assert "Stanset av låsen kl." in shown.part("#blocked-1")
    assert "Skrevet av Bibliotekaren for under et minutt siden, skulle ut" in shown.part("#blocked-1")
    told = (await script("GET", "/v1/posts/1")).json
    assert (told["fate"], told["error"]) == ("blocked", "held by the lock")


async def test_a_script_that_publishes_under_the_lock_is_told_where_its_text_is(
    crisis: Crisis, page: int, as_role: As
) -> None:
    await factories.activation(crisis.db)
    script = await as_role(Role.UNIT)
    refused = await script("POST", "/v1/posts", {**PUBLISHED, "account_id": page})
    assert (refused.status, refused.json["post_id"]) == (423, 1)
    kept = (await script("GET", "/v1/posts/1")).json
    assert (kept["fate"], kept["text"]) == ("blocked", BODY)


Decide = Callable[[Browser], Awaitable[object]]


@pytest.mark.parametrize(
    ("decision", "locked", "states"),
    [("mark_sent", True, ["accepted"]), ("send_again", True, ["ready"]), ("drop", False, ["cancelled"])],
)
async def test_what_nobody_could_find_out_is_the_owners_to_say(
    crisis: Crisis, page: int, sign_in: SignIn, decision: str, locked: bool, states: list[str]
) -> None:
    await crisis.posts.publish(LIBRARIAN, page, BODY)
    await move(crisis, "unknown_final")
    if locked:
        await factories.activation(crisis.db)
    unit = await sign_in(Role.UNIT)
    shown = await unit.get("/posts/1")
    assert ("Det er ikke ute: ta vare på det" in shown.text) == locked
    wrong = await unit.send("/posts/1/settle", decision="mark_sent", url="facebook")
    assert (wrong.status, wrong.value("url")) == (422, "facebook")
    assert "Slik står det nå" in (await unit.send("/posts/1/settle", decision=decision)).text
    async with crisis.db.transaction() as session:
        assert list((await session.execute(text("SELECT state FROM deliveries"))).scalars()) == states
    assert (await (await sign_in(Role.UNIT, "skolen")).send("/posts/1/settle", decision=decision)).status == 404


async def test_what_waited_inside_the_platform_is_shown_to_its_owner_with_where_it_is(
    crisis: Crisis, page: int, sign_in: SignIn, as_role: As
) -> None:
    activation = await factories.activation(crisis.db)
    await _planned(crisis, activation, page)
    unit = await sign_in(Role.UNIT)
    shown = await unit.get("/posts")
    assert "Planlagt i Facebook av Kari, skulle ut" in shown.part("#blocked-1")
    assert "Kladden ligger på plattformen" in shown.part("#blocked-1")
    assert "https://platform.example/1" in shown.body
    assert "Bildeserie" in shown.part("#planned-2")
    assert "Ta det ut selv på plattformen" in shown.part("#planned-2")
    assert "Bildeserie" not in (await (await sign_in(Role.UNIT, "skolen")).get("/posts")).text
    told = (await (await as_role(Role.UNIT))("GET", "/v1/posts/1")).json["origin"]
    assert told == {"planned_id": 1, "url": "https://platform.example/1", "author": "Kari", "state": "unscheduled"}


async def _planned(crisis: Crisis, activation: Activation, page: int) -> None:
    """Two that were scheduled inside the platform: a copy of ours that is blocked, and one that nothing could be made of."""
    post = await crisis.posts.publish(LIBRARIAN, page, BODY, publish_at=clock.now() + timedelta(hours=1))
    await move(crisis, "blocked", more=", error = 'was scheduled at the platform, and held by the lock'")
    planned = text(
        """
        INSERT INTO planned_posts (mode, activation_id, account_id, reference, text, author, url, due_at, state, post_id)
        VALUES ('actual', :activation, :page, :name, :text, 'Kari', :url, now() + interval '1 hour', :state, :post)
        """
    )
    values = {"activation": activation.id, "page": page}
    async with crisis.db.transaction() as session:
        for number, state, body, copy in ((1, "unscheduled", BODY, post.id), (2, "left", "Bildeserie", None)):
            url = f"https://platform.example/{number}"
            more = {"name": f"p{number}", "text": body, "url": url, "state": state, "post": copy}
            await session.execute(planned, values | more)
