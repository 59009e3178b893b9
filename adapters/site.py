"""Site: where a WordPress account is, and who we are there."""

import aiohttp
from yarl import URL

from crisis.channels import AccountRef, Misconfigured

ADMIN_USERNAME, ADMIN_PASSWORD = "admin_username", "admin_application_password"
"""An administrator's credentials, which the lock takes. Nothing is ever published with them."""


class Site:
    """Where an account's site is and who we are there. Raises :class:`Misconfigured` when the account does not say."""

    def __init__(self, account: AccountRef, *, is_admin: bool = False) -> None:
        names = (ADMIN_USERNAME, ADMIN_PASSWORD) if is_admin else ("username", "application_password")
        user, password = (account.credentials.get(name) for name in names)
        if not user or not password:
            raise Misconfigured(
                f"The account {account.name} needs the credentials {names[0]} and {names[1]}. Nothing was sent."
            )
        try:
            self.address = URL(account.address or "")
        except ValueError:
            self.address = URL()
        if self.address.scheme not in {"http", "https"} or not self.address.host:
            raise Misconfigured(
                f"The account {account.name} needs the address of its site, as in https://www.example.no. Nothing was sent."
            )
        if not self.address.path.endswith("/"):
            self.address = self.address.with_path(self.address.path + "/")
        self.user = user
        self.role = "administrator" if is_admin else "author"
        """What that user must be there, for the words of a refusal."""
        basic = aiohttp.encode_basic_auth(user, password)
        self.headers = {"Authorization": basic}
        self.secrets = (password, basic.partition(" ")[2])
