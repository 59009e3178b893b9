"""One real WordPress for the module that asks for it, and our channel to it."""

import json
import os
from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.wordpress import WordPress
from tests.adapters.real_wordpress.site import USERS, RealWordPress, missing, need
from tests.adapters.setups import a_setup
from tests.conftest import reachable_folder

NEEDED = "WORDPRESS"
"""The environment variable that says ``needed`` where these tests must run, as in ``.ci/run``: without a WordPress they fail there."""
EMPTIED = """
    foreach (get_posts(['post_type' => ['post', 'page'], 'post_status' => 'any', 'numberposts' => -1]) as $each) {
        wp_delete_post($each->ID, true);
    }
    foreach (get_users() as $each) { $roles[$each->user_login] = array_values($each->roles); }
    echo json_encode($roles);
"""


@pytest.fixture(scope="module")
def running() -> Iterator[RealWordPress]:
    need(missing(), is_needed=os.environ.get(NEEDED) == "needed")
    with reachable_folder() as folder, RealWordPress(folder) as site:
        yield site


@pytest.fixture
def site(running: RealWordPress) -> Iterator[RealWordPress]:
    """A site with its users, and nothing posted. Whatever a test takes from them, it gives back."""
    yield running
    assert json.loads(running.php(EMPTIED)) == {login: given["roles"] for login, given in USERS.items()}


@pytest.fixture
async def wordpress(site: RealWordPress) -> AsyncIterator[WordPress]:
    """The channel, which may reach the site and nothing else."""
    channel = WordPress(a_setup(site.url, site.host, call_seconds=20.0))
    yield channel
    await channel.close()
