"""Openers: how a mode opens what lies sealed. An exercise opens nothing, and has stand-ins for all of it."""

import json
from dataclasses import replace

from crisis.accounts.models import Account
from crisis.bootstrap.setups import SANDBOX_SID, opened, sandbox_url
from crisis.channels import AccountRef, Unsupported
from crisis.deliveries.book import Openers
from crisis.mode import Mode
from crisis.sealing import Sealer
from crisis.settings import Settings

STAND_IN_CREDENTIALS = {
    "page_token": "sandbox",
    "access_token": "sandbox",
    "access_token_secret": "sandbox",
    "username": "sandbox",
    "application_password": "sandbox",
    "admin_username": "admin",
    "admin_application_password": "sandbox",
    "publisher": "sandbox",
    "business_id": "1",
    "admin_token": "sandbox",
    "tool_key": "sandbox-tool",
    "tool_secret": "sandbox",
    "tool_token": "sandbox",
    "tool_token_secret": "sandbox",
}
"""What an exercise signs in with, at the sandbox, on every channel. Worth nothing anywhere else."""

RARE_LEVERS = frozenset({"sms", "twitter"})
"""Channels where not every account can have a lever: it takes a sub-account, or a tool of the unit's own. In an exercise those
have one that have it in reality, and on the other channels all have.
"""


def openers_for(mode: Mode, settings: Settings) -> Openers:
    """How a mode opens accounts and numbers. An exercise opens nothing: it has stand-ins for both."""
    if mode is Mode.EXERCISE:
        sandbox = sandbox_url(settings)

        def stand_in(account: Account) -> AccountRef:
            address = f"{sandbox}/wp" if (account.address or "").startswith("http") else account.address
            posts_as = {"access_token": f"{account.address}-sandbox"}  # X's tokens say whose they are
            return AccountRef(account.id, account.channel, account.name, address, STAND_IN_CREDENTIALS | posts_as)

        def stand_in_admin(account: Account) -> AccountRef:
            if account.admin_credentials is None and account.channel in RARE_LEVERS:
                raise Unsupported(f"The account {account.name} has no lever, and has none in an exercise either.")
            sub_account = {
                "subaccount_sid": f"AC{account.id:032d}",
                "account_sid": SANDBOX_SID,
                "auth_token": opened(settings.sandbox_token),
            }
            tool = {"tool_token": f"{account.address}-tool"}
            return replace(stand_in(account), credentials=STAND_IN_CREDENTIALS | sub_account | tool)

        return Openers(
            stand_in,
            lambda recipient_id, _sealed, _fingerprint: f"+999{recipient_id:011d}",
            stand_in_admin,
            lambda contact_id, _sealed: f"kontakt-{contact_id}@sandbox.invalid",
        )
    credentials, numbers = sealers_of(settings)

    def account(row: Account) -> AccountRef:
        held = json.loads(credentials.open(row.credentials, f"account:{row.id}".encode())) if row.credentials else {}
        return AccountRef(row.id, row.channel, row.name, row.address, held)

    def admin(row: Account) -> AccountRef:
        if row.admin_credentials is None:
            raise Unsupported(
                f"The account {row.name} has no administrator's credentials. Give them: crisis accounts administer."
            )
        held = json.loads(credentials.open(row.admin_credentials, f"account:{row.id}:admin".encode()))
        return AccountRef(row.id, row.channel, row.name, row.address, held)

    return Openers(
        account,
        lambda _recipient_id, sealed, fingerprint: numbers.open(sealed, fingerprint),
        admin,
        lambda contact_id, sealed: numbers.open(sealed, f"contact:{contact_id}".encode()),
    )


def sealers_of(settings: Settings) -> tuple[Sealer, Sealer]:
    """The sealers of credentials and of numbers."""
    return (
        Sealer(settings.credentials_key, purpose="credentials"),
        Sealer(settings.numbers_key, purpose="numbers"),
    )
