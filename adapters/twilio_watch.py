"""What has gone out from a sender at Twilio, whoever sent it. Numbers are never kept, not even where a text holds one."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from adapters.platform_time import age, date_of
from adapters.twilio_rest import Login, TwilioRest, segment
from crisis.channel_watch import Posted
from crisis.channels import OutcomeUnknown

IN_PAGE = 500
MOST_PAGES = 8
NOT_OUT = frozenset({"scheduled", "canceled", "failed", "receiving", "received"})
"""Statuses of what no handset was sent."""
_NUMBER = re.compile(r"\+?\d(?:[ \u00a0.-]?\d){6,}")


async def sent_from(rest: TwilioRest, login: Login, sender: str, within_seconds: float) -> Sequence[Posted]:
    """The messages of a sender, the newest first. Twilio lists by creation, the newest first (twilio.com, Message resource).

    A filter by ``DateSent`` would miss what is queued. Of a Messaging Service (``MG...``) all of the account's messages are
    read, for Twilio has no filter by it. Raises :class:`OutcomeUnknown` when there are more than :data:`IN_PAGE` times
    :data:`MOST_PAGES` in the time asked for.
    """
    is_service = sender.startswith("MG") and not sender.isdigit() and len(sender) == 34  # noqa: PLR2004 - a SID's length
    query: Mapping[str, str] | None = {"PageSize": str(IN_PAGE), **({} if is_service else {"From": sender})}
    path, found = f"{segment(login.sid)}/Messages.json", list[Posted]()
    for _ in range(MOST_PAGES):
        answer, headers = await rest.ask(login, "GET", path, query=query)
        now, messages = date_of(headers, "Twilio"), _listed(answer)
        for message in messages:
            if is_service and message.get("messaging_service_sid") != sender:
                continue
            if message.get("status") not in NOT_OUT and not str(message.get("direction", "")).startswith("inbound"):
                found.append(_posted(message, now))
        following = answer.get("next_page_uri")
        if not following or (messages and age(now, _time(messages[-1], "date_created")) > within_seconds):
            return sorted(found, key=lambda each: each.age_seconds)
        path, query = str(following), None
    raise OutcomeUnknown(
        f"More than {IN_PAGE * MOST_PAGES} SMS went out from this sender in the time that was asked for; not all were looked at."
    )


def _listed(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = answer.get("messages")
    if not isinstance(found, list) or not all(isinstance(each, dict) and each.get("sid") for each in found):
        raise OutcomeUnknown("Twilio's list of messages is not in the form it documents, so it proves nothing.")
    return found


def _posted(message: Mapping[str, Any], now: datetime) -> Posted:
    out = _time(message, "date_sent" if message.get("date_sent") else "date_created")
    text = _NUMBER.sub(lambda number: f"…{number.group()[-2:]}", str(message.get("body") or ""))
    return Posted(str(message["sid"]), age(now, out), text)


def _time(message: Mapping[str, Any], name: str) -> datetime:
    try:
        return parsedate_to_datetime(str(message.get(name)))
    except ValueError:
        raise OutcomeUnknown("Twilio listed a message whose time cannot be read, so its age is not known.") from None
