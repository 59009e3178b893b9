"""The fault plan: each number, what is done, and what is expected. A test says which it is by ``@pytest.mark.fault(number)``."""

from collections.abc import Mapping

PLAN: Mapping[int, tuple[str, str]] = {
    1: (
        "kill -9 of the worker in the middle of a fan-out, again and again",
        "lost 0; repeats only of what was in flight, each through unknown; resumes < 10 s",
    ),
    2: ("kill -9 of a pool child", "as 1, though Celery has acknowledged the task"),
    3: ("kill -9 of the API during the POST that activates", "the same key gives the same activation; never two"),
    4: ("kill -9 of Redis, empty on its return", "the fan-out ends, < 15 s late; the lock is not affected"),
    5: ("every connection to Redis reset every 5 s", "throughput > 0; a silent worker noticed < 30 s"),
    6: (
        "PostgreSQL stopped at once in the middle of a fan-out",
        "confirmed activations lost 0; workers back < 20 s; unknown = in flight",
    ),
    7: ("the database started again during a drain", "never confirmed without the drain"),
    8: ("SIGSTOP of a sender that has its permit", "the holder killed at the drain's limit; 0 late posts"),
    9: ("a worker out of memory", "as 1; a poisonous row set aside after 3"),
    10: ("SIGTERM to worker after worker under load", "repeats 0; unknown 0"),
    11: ("429, with and without its header", "the rate falls < 2 s; no row dead; repeats 0"),
    12: (
        "5xx after the provider accepted",
        "unknown; a crisis message repeated once at most and flagged, a post never",
    ),
    13: ("5xx before it accepted, all the time", "the breaker opens < 20 calls; other channels not slowed > 10 %"),
    14: ("no answer after the provider accepted", "as 12"),
    15: ("an answer of one byte a second", "the wall clock ends the call"),
    16: ("garbage, 50 MB, or a wrong type as the answer", "unknown; memory < + 20 MB"),
    17: ("TLS, DNS and refused connections", "tried again; never unknown"),
    18: ("the callback before the answer", "the right state in the end; nothing lost"),
    19: ("callbacks ten times, shuffled and late", "the highest rank wins; each kept once; 1,000/s, p99 < 200 ms"),
    20: ("forged, replayed and misaddressed callbacks", "403; nothing changed; logged; nothing parsed"),
    21: ("a storm of callbacks during a fan-out", "the fan-out slowed < 20 %"),
    22: ("the wall clock an hour ahead, an hour behind", "no post early or late; leases by the database's clock"),
    25: ("two activations at once", "exactly one wins; both see the same epoch"),
    26: ("an activation in a storm of unit posts", "violations 0"),
    27: ("an activation in the millisecond a post is due", "blocked, or out before; never after"),
    28: ("an activation while a post is tried again, or unknown", "listed as unresolved; not sent again by itself"),
    29: ("standing down with posts that were blocked", "none goes out without its owner"),
    31: (
        "a new revision approved while the old one is going out",
        "each recipient has exactly one; counts per revision",
    ),
    32: ("withdrawn while it is going out", "no attempt > 2 s after; the correction goes to the attempted"),
    35: ("an audience that is empty, or cannot be read", "refused; never “all”"),
    39: ("the mode lost: NULL, an old job, a bad row", "treated as an exercise; an alarm"),
    40: (
        "kill -9 of the API, the worker, the standby or the database at each step of a lock",
        "not activated, or locked; levers converge; nothing left revoked after the stand-down",
    ),
}
SEVERAL_MACHINES = (
    "three workers in three homes and two networks; one killed, one stopped, one link cut and mended",
    "lost 0; accepted distinct = recipients, and flagged repeats",
)
MUTANTS = ("no drain", "clock expiry", "sent before written", "signature check removed", "rank merge removed")
"""Wrong protocols that a test must catch. A test says which it caught by ``@pytest.mark.mutant(name)``."""
