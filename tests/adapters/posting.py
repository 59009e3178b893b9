"""Posting: what tests of posts over libcurl ask for again and again."""

import asyncio
from typing import Any

from adapters.curl_posts import Answer, Posts
from adapters.transport import Guard
from crisis.channels import ChannelError

SECRET = "c2VjcmV0"
WELL = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"


def posts_to(url: str, *, allowed: frozenset[str] | None = None, limit: int = 4, **changes: Any) -> Posts:
    settings: dict[str, Any] = {
        "call_seconds": 2.0,
        "headers": {"Authorization": f"Basic {SECRET}"},
        "secrets": (SECRET,),
    }
    return Posts(url, Guard(allowed), limit=limit, **(settings | changes))


async def answer_of(posts: Posts, form: bytes = b"a=b") -> Answer | ChannelError:
    told: asyncio.Future[Answer | ChannelError] = asyncio.get_running_loop().create_future()
    posts.post("1", form, lambda _, outcome: told.set_result(outcome))
    async with asyncio.timeout(5):
        return await told


async def one_answer(url: str, **changes: Any) -> Answer | ChannelError:
    posts = posts_to(url, **changes)
    try:
        return await answer_of(posts)
    finally:
        posts.close()
