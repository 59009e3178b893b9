"""The identity provider: a real one, in a process of its own, and somebody who signs in there."""

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import aiohttp
from lxml import html

SCRIPT = Path(__file__).with_name("provider.mjs")
CLIENT, SECRET = "crisis", "a-client-secret-of-a-test"
_START_SECONDS = 20.0


@asynccontextmanager
async def provider(redirect: str, people: Mapping[str, Mapping[str, Any]]) -> AsyncIterator[str]:
    """Runs it; gives its issuer. ``people``: the claims of each who may sign in there, by their ``sub``."""
    node = shutil.which("node") or str(Path(sys.executable).with_name("node"))
    env = os.environ | {"REDIRECT": redirect, "PEOPLE": json.dumps(people)}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(node, str(SCRIPT), stdin=pipe, stdout=pipe, stderr=pipe, env=env)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        said = await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)
        assert said.strip().isdigit(), (await process.stderr.read()).decode() if process.stderr else said
        yield f"http://127.0.0.1:{int(said)}"
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.communicate(), 10)


async def sign_in_there(address: str, sub: str, callback: str) -> dict[str, str]:
    """Fill in the provider's own forms as a person does; gives what the browser brings back to ``callback``."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        answered = await browser.get(address, allow_redirects=False)
        for _ in range(12):
            if answered.status in {302, 303}:
                onward = urljoin(str(answered.url), answered.headers["Location"])
                if onward.startswith(callback):
                    return dict(parse_qsl(urlsplit(onward).query))
                answered = await browser.get(onward, allow_redirects=False)
                continue
            body = await answered.text()
            assert answered.status == 200, body
            form = html.document_fromstring(body).forms[0]
            fields = {name: value for name, value in form.form_values() if name is not None}
            if re.search(r'name="login"', body):
                fields |= {"login": sub, "password": "any"}
            answered = await browser.post(urljoin(str(answered.url), form.action), data=fields, allow_redirects=False)
    raise AssertionError("the provider never came back")
