"""One real WordPress for the module that asks for it, and our channel to it."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.wordpress import WordPress
from tests.adapters.real_wordpress.site import PACKAGES, RealWordPress, missing
from tests.adapters.setups import a_setup
from tests.conftest import reachable_folder

NEEDED = "WORDPRESS"
"""The environment variable that says ``needed`` where these tests must run, as in ``.ci/run``: without a WordPress they fail there."""


@pytest.fixture(scope="module")
def site() -> Iterator[RealWordPress]:
    """A site with its users. Whatever a test takes from them, it gives back."""
    if lacks := missing():
        said = f"There is no WordPress here ({', '.join(lacks)}): apt-get install --no-install-recommends {' '.join(PACKAGES)}"
        if os.environ.get(NEEDED) == "needed":
            pytest.fail(said)
        pytest.skip(said)
    with reachable_folder() as folder, RealWordPress(folder) as site:
        yield site


@pytest.fixture
async def wordpress(site: RealWordPress) -> AsyncIterator[WordPress]:
    """The channel, which may reach the site and nothing else."""
    channel = WordPress(a_setup(site.url, site.host, call_seconds=20.0))
    yield channel
    await channel.close()
