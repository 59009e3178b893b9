"""Site: where a WordPress account is, and who we are there."""

import aiohttp
from yarl import URL

from crisis.channels import AccountRef, Misconfigured


class Site:
    """Where an account's site is and who we are there. Raises :class:`Misconfigured` when the account does not say."""

    def __init__(self, account: AccountRef) -> None:
        user, password = account.credentials.get("username"), account.credentials.get("application_password")
        if not user or not password:
            raise Misconfigured(
                f"The account {account.name} needs the credentials username and application_password. Nothing was sent."
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
        basic = aiohttp.encode_basic_auth(user, password)
        self.headers = {"Authorization": basic}
        self.secrets = (password, basic.partition(" ")[2])
