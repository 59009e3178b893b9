"""Packing: pages come small, and never packed to somebody another site sent here."""

import pytest

from crisis.roles import Role
from tests.api.desk.conftest import SignIn

SENT_HERE_BY = {"Sec-Fetch-Site": "same-origin", "Accept-Encoding": "gzip"}


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_a_page_that_ours_or_the_person_asked_for_is_packed(sign_in: SignIn, site: str) -> None:
    director = await sign_in(Role.DIRECTOR)
    plain = await director.get("/help", {"Sec-Fetch-Site": site, "Accept-Encoding": "identity"})
    packed = await director.get("/help", {"Sec-Fetch-Site": site, "Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.body == plain.body
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    assert {"Accept-Encoding", "Sec-Fetch-Site"} <= set(packed.headers["Vary"].split(", "))


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_page_that_another_site_asked_for_has_a_length_that_tells_nothing(sign_in: SignIn, site: str) -> None:
    director = await sign_in(Role.DIRECTOR)
    page = await director.get("/messages?q=aaaa", {"Sec-Fetch-Site": site, "Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in page.headers
    assert len(page.raw) == int(page.headers["Content-Length"])
