"""``make race``: the race at length, and every mutant, on a private database. Exits 1 if a violation is found or a mutant
escapes. ``python -m tests.race --rounds 2000 --processes 4 --senders 2``."""

import argparse
import asyncio
import os
import secrets
import sys

from crisis.embedded.postgres import Postgres
from tests.conftest import make_database, reachable_folder
from tests.race.harness import Outcome, race
from tests.race.protocols import MUTANTS, PRODUCT, Protocol


def main() -> int:
    """Run the race and print a line for each protocol."""
    parser = argparse.ArgumentParser(prog="make race")
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--mutant-rounds", type=int, default=150)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--senders", type=int, default=2, help="per process")
    given = parser.parse_args()
    with reachable_folder() as home:
        postgres = Postgres(home)
        server = os.environ.get("CRISIS_DATABASE_URL") or postgres.start()

        def run(protocol: Protocol, rounds: int) -> Outcome:
            url = asyncio.run(make_database(server, f"race_{secrets.token_hex(4)}"))
            outcome = race(url, protocol, rounds=rounds, processes=given.processes, senders=given.senders)
            print(  # noqa: T201 - the command's output
                f"{protocol.name:32} {outcome.rounds:5} rounds {outcome.calls:7} calls   started after confirmation "
                f"{outcome.started_after:4}   in flight unlisted {outcome.unlisted:4}   confirmed p50 "
                f"{outcome.p(0.5) * 1000:6.1f} ms  p99 {outcome.p(0.99) * 1000:6.1f} ms",
                flush=True,
            )
            return outcome

        good = run(PRODUCT, given.rounds).violations == 0
        caught = [run(mutant, given.mutant_rounds).violations > 0 for mutant in MUTANTS]
        postgres.stop("immediate")
    return 0 if good and all(caught) else 1


if __name__ == "__main__":
    sys.exit(main())
