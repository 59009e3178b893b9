"""X's lever: the OAuth token of a unit's own tool, revoked.

That is all there is. X has no interface that lists or removes an account's delegates, and none that signs anybody out: whoever
has the password, or was made a delegate, goes on until a person changes it in X itself (Settings, Security and account access).
So whoever answers for the account is named, with ``is_removable`` false, whatever becomes of the token. Nor can a revoked token
be had back: the tool is connected anew, by its owner.
"""

from adapters.x_api import TokenInvalid, XApi
from adapters.x_post import user_of
from crisis.channel_access import Access, Right
from crisis.channels import AccountRef, ChannelSetup, Misconfigured, OutcomeUnknown

CONCURRENCY = 32
TOKEN, SIGN_IN = "token", "sign-in"
VERIFY = "/1.1/account/verify_credentials.json"
INVALIDATE = "/1.1/oauth/invalidate_token.json"
WHERE = "x.com/settings"
"""Where a person sees the delegates and takes them away: under Security and account access."""


class TokenLever:
    """The :class:`~crisis.channel_access.Lever` of X accounts that a tool of the unit's can post to."""

    admin_credentials = ("tool_key", "tool_secret", "tool_token", "tool_token_secret")
    """Consumer key and secret of the tool's own app, and the token it was given for the account, with its secret."""
    is_reversible = False

    def __init__(self, setup: ChannelSetup) -> None:
        self._x = XApi(setup, concurrency=CONCURRENCY)
        self._own_app = setup.x_consumer_key

    async def inspect(self, account: AccountRef) -> Access:
        """By signing in with the token: X refuses one that was revoked with a code of its own (89)."""
        keys, user = self._keys(account), user_of(account)
        people = Right(SIGN_IN, account.name, ("password", "delegates"), is_removable=False)
        try:
            answer = await self._x.ask_as(keys, lambda x: x.request("GET", VERIFY, user_auth=True))
        except TokenInvalid:
            return Access((people,), {"delegates": WHERE, "token": "revoked"})
        if str(answer.body.get("id_str")) != user:
            raise Misconfigured(
                f"The tool's token is not for the account {account.name!r} (user {user}). Nothing was changed. Give the right one."
            )
        tool = Right(TOKEN, f"@{answer.body.get('screen_name') or user}", (TOKEN,))
        return Access((tool, people), {"delegates": WHERE, "token": "active"})

    async def revoke(self, account: AccountRef, access: Access) -> None:
        keys = self._keys(account)
        if not any(each.is_removable for each in access.open_to):
            return
        try:
            answer = await self._x.ask_as(keys, lambda x: x.request("POST", INVALIDATE, user_auth=True))
        except TokenInvalid:
            return
        if not answer.body.get("access_token"):
            raise OutcomeUnknown(f"X did not confirm that the token is revoked; read it back. {answer.said}".strip())

    async def restore(self, account: AccountRef, access: Access) -> None:
        """Nothing: the tool's owner connects it anew."""

    def close(self) -> None:
        """Release threads and connections."""
        self._x.close()

    def _keys(self, account: AccountRef) -> tuple[str, ...]:
        keys = tuple(account.credentials.get(name, "").strip() for name in self.admin_credentials)
        if not all(key and key.isascii() and key.isprintable() for key in keys):
            raise Misconfigured(
                f"The X account {account.name!r} lacks key, secret, token or token secret of the tool. Nothing was changed."
            )
        if keys[0] == self._own_app:
            raise Misconfigured(
                f"The token of {account.name!r} was given to this service's own app. Nothing was changed. "
                "Revoking it would stop what we publish."
            )
        return keys
