"""What an answer of WordPress's REST API that is no success means, in the port's words."""

from collections.abc import Mapping
from typing import Any

from adapters.retry_after import retry_after
from crisis.channels import ChannelError, Gone, Misconfigured, OutcomeUnknown, Rejected, Throttled

NO_SUCH_POST = "rest_post_invalid_id"
"""WordPress's code, with 404, for a post that is not there (any more)."""
NO_SUCH_USER = "rest_user_invalid_id"
"""The same for a user."""
IN_DOUBT = "The post may be out. It is looked up first."
"""What an unclear answer means for a post that was to be written."""
_ADVICE = {
    "author": "Give the user the author role.",
    "administrator": "Give the user the administrator role.",
}
_NO_ROUTE = "rest_no_route"
_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _SERVER_ERROR = 401, 403, 404, 429, 500
_REDIRECTS, _CLIENT_ERRORS = range(300, 400), range(400, 500)


def refusal(
    status: int, answer: Any, headers: Mapping[str, str], *, role: str = "author", in_doubt: str = IN_DOUBT
) -> ChannelError:
    """What an answer that is no success means. ``role``: what the user we ask as must be at the site."""
    ours = isinstance(answer, dict) and isinstance(answer.get("code"), str)  # the REST API's own form of an error
    code = str(answer["code"])[:80] if ours else str(status)
    if status == _TOO_MANY:
        return Throttled("The site asks us to come back later.", code=code, retry_after=retry_after(headers))
    if fault := _setting_at_fault(status, code if ours else "", role):
        return Misconfigured(f"{fault} Nothing was written.", code=code)
    if ours and status == _NOT_FOUND and code == NO_SUCH_POST:
        return Gone(f"WordPress has no such post ({code}).", code=code)
    if ours and status == _NOT_FOUND and code == NO_SUCH_USER:
        return Gone(f"WordPress has no such user ({code}).", code=code)
    if ours and status in _CLIENT_ERRORS:
        return Rejected(f"WordPress refuses this post ({code}).", code=code)
    what = "failed" if status >= _SERVER_ERROR else "gave an answer that is not WordPress's"
    return OutcomeUnknown(f"The site {what} (HTTP {status}). {in_doubt}".rstrip(), code=code)


def _setting_at_fault(status: int, code: str, role: str) -> str | None:
    """What a person must mend, where every post would meet the same answer."""
    if status in _REDIRECTS:  # not followed: the new place would be sent the password
        return f"The site redirects us (HTTP {status}). Set the account's address to where it really is, https and www included."
    if status == _UNAUTHORISED:
        return (
            "WordPress does not accept the username and application password. "
            "Make a new application password for the service's user and save it with the account."
        )
    if status == _FORBIDDEN and code.startswith("rest_"):
        return f"WordPress does not let the service's user do this ({code}). {_ADVICE[role]}"
    if status == _NOT_FOUND and code == _NO_ROUTE:
        return "The site's REST API for posts is switched off."
    return None
