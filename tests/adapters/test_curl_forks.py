"""Posts over libcurl in a process that forks: what is the parent's stays the parent's."""

import asyncio
import gc
import os
import signal
import socket
import time

from adapters.curl_posts import LONGEST_IDLE, Answer, Posts
from crisis.channels import ChannelError
from tests.adapters.posting import WELL, answer_of, one_answer, posts_to
from tests.adapters.scripted import Answer as Scripting
from tests.adapters.scripted import Scripted
from tests.adapters.sockets import listening


def test_a_fork_makes_its_own_and_leaves_its_parents_alone(server: Scripted) -> None:
    server.script(*(Scripting(201) for _ in range(3)))
    with asyncio.Runner() as runner:
        posts = runner.run(opened(server.url))
        runner.run(asked(posts))
        child = os.fork()
        if child == 0:
            code = 1
            try:
                posts.close()
                del posts
                gc.collect()
                code = (
                    0 if isinstance(asyncio.new_event_loop().run_until_complete(one_answer(server.url)), Answer) else 2
                )
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert isinstance(runner.run(asked(posts)), Answer)
        posts.close()
    assert len(server.requests) == 3


def test_a_connection_that_a_child_holds_too_keeps_nobody_awake_when_it_ends() -> None:
    """Linux tells of a socket for as long as anybody holds it, if it was still asked to when it was closed."""
    held: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        held.append(connection.dup())  # stays open
        if connection.recv(1 << 16):
            connection.sendall(WELL)

    with listening(serve) as address, asyncio.Runner() as runner:
        posts = runner.run(opened(f"http://{address}/"))
        runner.run(asked(posts))
        child = os.fork()
        if child == 0:
            time.sleep(LONGEST_IDLE + 5)
            os._exit(0)
        try:
            runner.run(asyncio.sleep(LONGEST_IDLE + 1.5))
            assert isinstance(runner.run(asked(posts)), Answer)
            assert len(held) == 2, "the first connection was too old, and is closed here"
            held[0].shutdown(socket.SHUT_RDWR)
            used = time.process_time()
            runner.run(asyncio.sleep(0.5))
            assert time.process_time() - used < 0.2
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            for each in held:
                each.close()
        posts.close()


async def opened(url: str) -> Posts:
    return posts_to(url)


async def asked(posts: Posts) -> Answer | ChannelError:
    return await answer_of(posts)
