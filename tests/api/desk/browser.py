"""A browser without a screen: somebody signed in, who fetches the desk's pages and sends their forms, over a real socket."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, BinaryIO

import aiohttp
from lxml import html

HERE = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
PARTIAL = {"HX-Request": "true"}


class Page:
    """What came back, and how to look into it."""

    def __init__(self, status: int, headers: Mapping[str, str], raw: bytes) -> None:
        self.status, self.headers, self.raw = status, headers, raw

    @cached_property
    def body(self) -> str:
        """What is text; a file that is none is in ``raw``."""
        is_file = self.headers.get("Content-Type", "").startswith(("application/pdf", "application/zip"))
        return "" if is_file else self.raw.decode("utf-8-sig")

    @cached_property
    def tree(self) -> Any:
        return html.document_fromstring(self.body or "<p></p>")

    @cached_property
    def text(self) -> str:
        """What a person reads, in one line."""
        return " ".join(self.tree.text_content().split())

    @property
    def title(self) -> str:
        return str(self.tree.findtext(".//title"))

    @property
    def fields(self) -> dict[str, str]:
        """What the fields of its forms hold, by name; the chosen one of several."""
        named = self.tree.xpath("//main//*[self::input or self::textarea or self::select][@name]")
        return {field.get("name"): str(field.value).removeprefix("\n") for field in named if field.value is not None}

    def part(self, selector: str) -> str:
        """What a person reads there; nothing where there is no such thing."""
        found = self.tree.cssselect(selector)
        return " ".join(found[0].text_content().split()) if found else ""

    def value(self, field: str) -> str | None:
        """What a field holds."""
        return self.fields.get(field)

    def problem(self, field: str) -> str:
        """What stands beside a field."""
        return self.part(f"#{field}-problem")

    @property
    def location(self) -> str | None:
        return self.headers.get("Location")


class Browser:
    """Somebody at the desk."""

    def __init__(self, session: aiohttp.ClientSession, url: str, cookie: str = "", csrf: str = "") -> None:
        self._session, self.url, self.csrf = session, url, csrf
        self.cookies = {cookie.partition("=")[0]: cookie} if cookie else {}

    async def ask(self, method: str, path: str, **more: Any) -> Page:
        """One request; no redirect is followed, and what is to be said on the next page is kept for it."""
        wanted = {**HERE, **more.pop("headers", {}), "Cookie": "; ".join(self.cookies.values()) or None}
        headers = {name: value for name, value in wanted.items() if value is not None}
        async with self._session.request(
            method, f"{self.url}{path}", headers=headers, allow_redirects=False, **more
        ) as answered:
            for morsel in answered.cookies.values():
                self.cookies[morsel.key] = f"{morsel.key}={morsel.coded_value}"
            return Page(answered.status, answered.headers, await answered.read())

    async def get(self, path: str, headers: Mapping[str, str] | None = None, *, partial: bool = False) -> Page:
        return await self.ask("GET", path, headers={**(PARTIAL if partial else {}), **(headers or {})})

    async def post(self, path: str, /, **fields: str) -> Page:
        """Send a form with this session's token."""
        return await self.ask("POST", path, data={"csrf": self.csrf, **fields})

    async def bare_post(self, path: str, headers: Mapping[str, str], /, **fields: str) -> Page:
        """Send a form as somebody else's page, or no page at all, would: with these headers and fields, and none of ours."""
        return await self.ask("POST", path, headers={"Sec-Fetch-Site": None, **headers}, data=fields)

    async def follow(self, page: Page) -> Page:
        """Go where the answer leads."""
        assert page.status == 303, (page.status, page.text)
        assert page.location is not None
        return await self.get(page.location)

    async def send(self, path: str, /, **fields: str) -> Page:
        """Send a form, and go where the answer leads if it leads anywhere."""
        page = await self.post(path, **fields)
        return await self.follow(page) if page.status == 303 else page

    async def upload(
        self, form: str, content: bytes | BinaryIO, /, *, filename: str = "liste.csv", **fields: str
    ) -> Page:
        """Send the form with a file that stands on the page ``form``; follow where it leads."""
        action = await self.upload_address(form)
        page = await self.ask("POST", action, data=self.multipart(content, filename, fields))
        return await self.follow(page) if page.status == 303 else page

    async def upload_address(self, form: str) -> str:
        """Where the form with a file on this page is sent to."""
        (action,) = (await self.get(form)).tree.xpath("//form[.//input[@type='file']]/@action")
        return str(action)

    @staticmethod
    def multipart(
        content: bytes | BinaryIO, filename: str = "liste.csv", fields: Mapping[str, str] | None = None
    ) -> Any:
        made = aiohttp.FormData()
        for name, value in (fields or {}).items():
            made.add_field(name, value)
        made.add_field("file", content, filename=filename, content_type="text/csv")
        return made
