"""``make race``: the race at length, and every mutant, on a private database. Exits 1 if a violation is found, if a way has not been
raced, or if a mutant escapes. ``python -m tests.race --rounds 2000 --senders 8,24,64 --doors 90``."""

import argparse
import asyncio
import os
import secrets
import sys

from crisis.embedded.postgres import Postgres
from tests.conftest import make_database, reachable_folder
from tests.race.harness import PROCESSES, Outcome, race
from tests.race.protocols import MUTANTS, PRODUCT, Protocol
from tests.race.ways import THROUGH_DOORS, Way


def main() -> int:
    """Run the race and print a line for each protocol, and for the product's own one for each way."""
    parser = argparse.ArgumentParser(prog="make race")
    parser.add_argument("--rounds", type=int, default=2000, help="of the product's protocol, in all")
    parser.add_argument("--mutant-rounds", type=int, default=150)
    parser.add_argument("--senders", default="8,24,64", help="how many there are; the rounds are shared among these")
    parser.add_argument("--doors", type=int, default=90, help="of the rounds, those with posts through the doors")
    given = parser.parse_args()
    sizes = [int(size) for size in given.senders.split(",")]
    with reachable_folder() as home:
        postgres = Postgres(home)
        server = os.environ.get("CRISIS_DATABASE_URL") or postgres.start()

        def run(protocol: Protocol, rounds: int, senders: int, doors: int = 0) -> Outcome:
            url = asyncio.run(make_database(server, f"race_{secrets.token_hex(4)}"))
            outcome = race(url, protocol, rounds=rounds, senders=senders, doors=doors)
            print(  # noqa: T201 - the command's output
                f"{protocol.name:36} {outcome.rounds:5} rounds, {senders:2} senders in {PROCESSES} processes {outcome.calls:8,} calls   "
                f"started after confirmation {outcome.started_after:4}   in flight unlisted {outcome.unlisted:4}   confirmed p50 "
                f"{outcome.p(0.5) * 1000:6.1f} ms  p99 {outcome.p(0.99) * 1000:6.1f} ms",
                flush=True,
            )
            return outcome

        raced = list[Outcome]()
        for number, senders in enumerate(sizes):
            rounds, doors = (each // len(sizes) + (number < each % len(sizes)) for each in (given.rounds, given.doors))
            raced.append(outcome := run(PRODUCT, rounds, senders, doors))
            for line in (
                *outcome.tally.lines(),
                f"  {outcome.doors} of the rounds with doors: {', '.join(outcome.answers)}",
            ):
                print(line, flush=True)  # noqa: T201 - the command's output
        violations = sum(outcome.violations for outcome in raced)
        print(f"{sum(outcome.rounds for outcome in raced):,} rounds, violations: {violations}", flush=True)  # noqa: T201
        wanted = set(Way) - (set() if given.doors else {*THROUGH_DOORS, Way.POINTER})
        if idle := [way for way in wanted if not sum(outcome.tally.started[way] for outcome in raced)]:
            print(f"Nothing was started by: {', '.join(sorted(idle))}.", file=sys.stderr)  # noqa: T201
        caught = [run(mutant, given.mutant_rounds, 8).violations > 0 for mutant in MUTANTS]
        postgres.stop("immediate")
    return 0 if not violations and not idle and all(caught) else 1


if __name__ == "__main__":
    sys.exit(main())
