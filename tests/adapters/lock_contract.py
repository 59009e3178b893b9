"""What the suite of the lock has to know of each channel that has a lever, can be watched, or schedules posts.

A channel that claims one of them is one more entry in ``HELD``; the suite itself knows none of them by name.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from adapters.feed_reader import build_feed_watch
from crisis.channels import AccountRef
from tests.adapters.contract import (
    LOGIN,
    TWILIO_TOKEN,
    FacebookOutlet,
    Outlet,
    SmsOutlet,
    TwitterOutlet,
    WordPressOutlet,
)
from tests.adapters.sandbox_server import ACCOUNT_SID

ADMIN_TOKEN = "secretADMINtoken"
UNREMOVABLE = "Direkte tilgang"


class Held(Outlet):
    """One channel, its account, and what happens on it past our service."""

    admin_credentials: Mapping[str, str] = {}
    publishes = True
    """We can publish there."""
    publishes_on = True
    """What we publish still goes out while the lever is pulled."""
    unremovable = UNREMOVABLE
    """Whom no interface of the platform removes."""
    tells_author = False
    """The platform says who made a post."""
    watched_can_vanish = True
    """What is watched is an account at the platform, and not a name on an account of our own."""

    def admin(self) -> AccountRef:
        """The account as the lever is given it."""
        return replace(self.account(), credentials=self.admin_credentials)

    def planner(self) -> AccountRef:
        """The account as the search for planned posts has it: the administrator's credentials beside those that publish."""
        return replace(self.account(), credentials={**self.credentials, **self.admin_credentials})

    def place(self) -> str:
        """What the sandbox calls the account."""
        assert self.address
        return self.address

    def people(self) -> None:
        """Let others have rights on the account: some that can be taken away, and what else the platform has."""

    def foreign(self, key: str, text: str, **more: Any) -> str:
        """A post behind our back; its reference."""
        assert self.provider
        return self.sandbox.foreign(key, self.provider, self.place(), text, **more)

    def scene(self, **so: Any) -> None:
        """What is so at the platform."""
        assert self.provider
        self.sandbox.scene(self.provider, **so)

    def vanish(self) -> None:
        """The account is deleted at the platform."""
        self.scene(gone=[self.place()])


class FacebookHeld(FacebookOutlet, Held):
    admin_credentials = {"business_id": "556677", "admin_token": ADMIN_TOKEN, "publisher": "sandbox"}  # noqa: RUF012 - read only
    tells_author = True

    def people(self) -> None:
        both = ["CREATE_CONTENT", "MODERATE"]
        people = [
            {"id": "71", "name": "Bibliotekets redaktør", "tasks": ["MODERATE", "CREATE_CONTENT"]},
            {"id": "72", "name": "Skolens redaktør", "tasks": ["PROFILE_PLUS_FULL_CONTROL"]},
            {"id": "73", "name": "Teller", "tasks": ["ANALYZE"]},
            {"id": "74", "name": UNREMOVABLE, "tasks": both, "access": "direct"},
        ]
        self.sandbox.set_rights("graph", self.place(), people)


class SmsHeld(SmsOutlet, Held):
    sub_account = "ACsub" + "0" * 28 + "7"
    admin_credentials = {"subaccount_sid": sub_account, "account_sid": ACCOUNT_SID, "auth_token": TWILIO_TOKEN}  # noqa: RUF012
    watched_can_vanish = False

    def vanish(self) -> None:
        self.scene(gone=[self.sub_account])


class TwitterHeld(TwitterOutlet, Held):
    unremovable = "Fjordvik kommune"
    admin_credentials = {  # noqa: RUF012 - read only
        "tool_key": "secretTOOLkey",
        "tool_secret": "secretTOOLsecret",
        "tool_token": f"{TwitterOutlet.address}-{ADMIN_TOKEN}",
        "tool_token_secret": "secretTOOLtokensecret",
    }


class WordPressHeld(WordPressOutlet, Held):
    admin_credentials = {"admin_username": "admin", "admin_application_password": ADMIN_TOKEN, "publisher": LOGIN}  # noqa: RUF012
    tells_author = True

    def place(self) -> str:
        return "wp"

    def people(self) -> None:
        people = [
            {"login": LOGIN, "name": "Krisetjenesten", "roles": ["author"], "passwords": 1},
            {"login": "kari", "name": "Kari Nordmann", "roles": ["editor"], "passwords": 2},
            {"login": "ola", "name": "Ola", "roles": ["contributor", "author"]},
            {"login": "it", "name": "IT-avdelingen", "roles": ["administrator"]},
            {"login": "leser", "roles": ["subscriber"]},
            {"login": UNREMOVABLE, "roles": ["editor"], "own": ["publish_posts"]},
        ]
        self.sandbox.set_rights("wordpress", self.place(), people)


class FeedHeld(Held):
    """What no channel of ours shows, and has a feed: it is watched, and that is all."""

    name = "feed"
    provider = "feeds"
    address = "https://a.example/feed/"
    tells_author = True
    publishes = False

    def place(self) -> str:
        return str(self.account().id)

    @asynccontextmanager
    async def opened(self, url: str | None = None, **changes: Any) -> AsyncIterator[Any]:
        yield build_feed_watch(self.setup(url, feeds_url=f"{url or self.sandbox.url}/feeds", **changes))


HELD: Mapping[str, type[Held]] = {each.name: each for each in (FacebookHeld, SmsHeld, TwitterHeld, WordPressHeld)}
"""By channel."""
BESIDE: Mapping[str, type[Held]] = {FeedHeld.name: FeedHeld}
"""What is watched without being a channel."""
