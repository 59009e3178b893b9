"""Readers: browsers that watch a status stream. ``python -m bench.watching_readers PORT PATH COOKIE COUNT``.

Prints how many have had their first event, watches until its input ends, and exits 1 if any was sent away before that.
"""

import asyncio
import sys

import uvloop


async def watch(port: int, path: str, cookie: str, count: int) -> int:
    """How it went, as an exit code."""
    began, over = asyncio.Semaphore(0), asyncio.Event()
    lost = 0

    async def one() -> None:
        nonlocal lost
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " in head.partition(b"\r\n")[0] and await reader.readuntil(b"event: "):
            began.release()
        while not over.is_set():
            if not await reader.read(1 << 16):
                lost += not over.is_set()
                return
        writer.close()

    tasks = [asyncio.create_task(one()) for _ in range(count)]
    ready = 0
    try:
        async with asyncio.timeout(30):
            for ready in range(1, count + 1):  # noqa: B007 - how far it came is what is told
                await began.acquire()
    except TimeoutError:
        ready -= 1
    print(ready, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    over.set()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return int(lost > 0)


if __name__ == "__main__":
    _, at, where, who, many = sys.argv
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(watch(int(at), where, who, int(many))))
