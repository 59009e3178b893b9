"""Follow-up: which verb a revision goes out with, given what is out before it.

The channel's capabilities say how each kind follows (:class:`crisis.channels.FollowUp`); here that becomes a choice between
publishing and editing, and the adapter does it. Editing ends in publishing anew where there is nothing left to edit, so a
correction always gets out. Nothing is remembered between attempts: what was to be edited is chosen again in the same way,
and an edit that is tried again changes nothing more.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from crisis.channels import (
    AccountRef,
    Capabilities,
    Channel,
    Earlier,
    Finding,
    FollowUp,
    Found,
    Gone,
    Misconfigured,
    Outgoing,
    Receipt,
    Rejected,
    Throttled,
    Unavailable,
)
from crisis.deliveries.earlier import Before

T = TypeVar("T")


class Unsettled(Unavailable):
    """What this edits may be out, and is being looked into. The provider was not asked."""


RETRACTION = "retraction"
_MILDEST_LAST = (Misconfigured, Throttled, Unavailable, Rejected)
"""Of several posts' errors, the one that decides: what is in none of these is unknown, and comes before them all."""


def to_edit(capabilities: Capabilities, kind: str, earlier: Sequence[Earlier]) -> tuple[str, ...]:
    """References of the posts that a revision of this kind edits, the newest first; empty when it is published.

    A retraction takes back all that the message said, and so edits every post of it that is out; everything else replaces
    what was said last.
    """
    way = capabilities.follow_ups.get(kind, FollowUp.NEW)
    if not (way.edits and capabilities.edit):
        return ()
    posts = tuple(dict.fromkeys(each.reference for each in earlier if each.reference))
    return posts if kind == RETRACTION else posts[:1]


async def put_out(channel: Channel, account: AccountRef, outgoing: Outgoing, before: Before) -> Receipt:
    """Publish it, or edit what is out. Raises what the adapter raises; of several posts' errors the gravest.

    An edit whose predecessor's own outcome is still being looked into waits for the answer, or there would be two posts.
    """
    outgoing = replace(outgoing, earlier=before.out)
    way = channel.capabilities.follow_ups.get(outgoing.kind, FollowUp.NEW)
    if before.unsettled and way.edits:
        raise Unsettled(
            "What this replaces may be out, and is being looked into; this waits a moment for the answer. Nothing was sent."
        )
    posts = to_edit(channel.capabilities, outgoing.kind, outgoing.earlier)
    if not posts:
        return await channel.publish(account, outgoing)
    ended = await _all(*(channel.edit(account, post, replace(outgoing, edits=post)) for post in posts))
    errors = [each for each in ended if isinstance(each, BaseException) and not isinstance(each, Gone)]
    receipts = [each for each in ended if isinstance(each, Receipt)]
    if errors and (not receipts or not all(isinstance(each, Rejected) for each in errors)):
        raise min(errors, key=_gravity)
    if not receipts:
        anew = await channel.publish(account, _without(outgoing, posts))
        return replace(anew, note="The post it should have changed was gone, so this was posted anew.")
    if errors:
        return replace(
            receipts[0],
            note=f"{len(errors)} earlier posts still have their old text: {errors[0]} Edit them by hand.",
        )
    return receipts[0]


async def find(channel: Channel, account: AccountRef, outgoing: Outgoing, before: Before, since: datetime) -> Finding:
    """Did it go out, in whichever of the two ways? Reads only, and raises what the adapter raises."""
    outgoing = replace(outgoing, earlier=before.out)
    posts = to_edit(channel.capabilities, outgoing.kind, outgoing.earlier)
    if posts:
        seen = await _all(*(channel.reconcile(account, replace(outgoing, edits=post), since) for post in posts))
        for each in seen:
            if isinstance(each, BaseException):
                raise each
        there = [each for each in seen if isinstance(each, Finding) and (each.found is not Found.NO or each.in_place)]
        for found in (Found.CANNOT_TELL, Found.NO, Found.YES):
            for each in there:
                if each.found is found:
                    return each
        outgoing = _without(outgoing, posts)
    return await channel.reconcile(account, outgoing, since)


def _without(outgoing: Outgoing, gone: Sequence[str]) -> Outgoing:
    """The same, to be published, linking nothing that is not there."""
    earlier = tuple(replace(e, reference=None, url=None) if e.reference in gone else e for e in outgoing.earlier)
    return replace(outgoing, earlier=earlier)


def _gravity(error: BaseException) -> int:
    return next((rank for rank, kind in enumerate(_MILDEST_LAST) if isinstance(error, kind)), -1)


async def _all(*calls: Awaitable[T]) -> list[T | BaseException]:
    """What each call ended in; all of them are ended by whatever ends this one."""
    return await asyncio.gather(*calls, return_exceptions=True)
