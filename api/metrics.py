"""Metrics for Prometheus, on a registry of our own: nothing but what is named here.

The one query that reads every delivery is asked for again only when twenty times its own duration has passed, so that however
often and from wherever this is scraped it takes at most a twentieth of one database core.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import Row, text
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crisis.db import Database
from crisis.limits.models import BreakerState

_COUNTS = text("SELECT mode, lane, state, count(*) AS deliveries FROM deliveries GROUP BY mode, lane, state")
_SIGHTS = text("SELECT mode, sight, count(*) AS posts FROM looks GROUP BY mode, sight")
_FLOWS = text(
    """
    SELECT f.mode, a.channel, f.account_id::text AS account, f.state, f.diverted,
           coalesce(f.held_until > clock_timestamp(), false) AS held
    FROM flows f JOIN accounts a ON a.id = f.account_id WHERE a.state = 'active'
    """
)
_MODES = text(
    """
    SELECT g.mode, (g.state = 'locked')::int AS locked, g.epoch,
           extract(epoch FROM clock_timestamp() - s.swept_at) AS age,
           (SELECT count(*) FROM permits p WHERE p.mode = g.mode AND p.closed_at IS NULL) AS permits
    FROM gate g JOIN sweeps s ON s.mode = g.mode
    """
)
_SHARE = 20
_LEAST = 5.0  # seconds between two counts of all deliveries


class _Found(Collector):
    """What was found, as a collector."""

    def __init__(self, families: Iterable[GaugeMetricFamily]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return self._families


class Metrics:
    """Counters of this process, and gauges read from the database."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._own = CollectorRegistry()
        self.receipts = Counter(
            "crisis_receipts",
            "Receipts from providers: recorded, repeated (known before) or unknown (a status word that is not known); and callbacks "
            "that were forged, or refused for want of room or of a database.",
            ("mode", "channel", "result"),
            registry=self._own,
        )
        self._counting = asyncio.Lock()
        self._counts: list[Row[Any]] = []
        self._count_again_at = 0.0

    def routes(self) -> list[Route]:
        """Where Prometheus asks."""
        return [Route("/metrics", self.show, methods=["GET"], include_in_schema=False)]

    async def show(self, _request: Request) -> Response:
        """Everything, in Prometheus' text format."""
        async with self._db.transaction() as session:
            modes = (await session.execute(_MODES)).all()
            sights = (await session.execute(_SIGHTS)).all()
            flows = (await session.execute(_FLOWS)).all()
        found = CollectorRegistry()
        families = [*_of_modes(modes), *_of_flows(flows), _of_looks(sights), _of_deliveries(await self._counted())]
        found.register(_Found(families))
        return Response(generate_latest(self._own) + generate_latest(found), media_type=CONTENT_TYPE_LATEST)

    async def _counted(self) -> list[Row[Any]]:
        loop = asyncio.get_running_loop()
        async with self._counting:
            if loop.time() >= self._count_again_at:
                began = loop.time()
                async with self._db.transaction() as session:
                    self._counts = list((await session.execute(_COUNTS)).all())
                self._count_again_at = loop.time() + max(_LEAST, _SHARE * (loop.time() - began))
        return self._counts


def _of_modes(rows: Iterable[Row[Any]]) -> list[GaugeMetricFamily]:
    gauges = {
        "locked": GaugeMetricFamily("crisis_gate_locked", "1 while an activation holds the gate.", labels=["mode"]),
        "epoch": GaugeMetricFamily("crisis_gate_epoch", "Grows at every turn of the gate.", labels=["mode"]),
        "age": GaugeMetricFamily("crisis_sweep_age_seconds", "Since the last sweep.", labels=["mode"]),
        "permits": GaugeMetricFamily("crisis_permits_open", "Units' posts in flight.", labels=["mode"]),
    }
    for row in rows:
        for name, gauge in gauges.items():
            gauge.add_metric([row.mode], float(getattr(row, name)))
    return list(gauges.values())


def _of_flows(rows: Iterable[Row[Any]]) -> list[GaugeMetricFamily]:
    """Of the accounts that were called at all. ``account`` is its number: names may be alike."""
    labels = ["mode", "channel", "account"]
    breaker = GaugeMetricFamily(
        "crisis_account_breaker_open",
        "1 while the account does not answer and is not called but to find out.",
        labels=labels,
    )
    held = GaugeMetricFamily(
        "crisis_account_held", "1 while the account's provider has asked us to wait.", labels=labels
    )
    diverted = GaugeMetricFamily(
        "crisis_account_diverted", "1 while a standby carries the account's messages.", labels=labels
    )
    for row in rows:
        name = [row.mode, row.channel, row.account]
        breaker.add_metric(name, row.state != BreakerState.CLOSED)
        held.add_metric(name, row.held)
        diverted.add_metric(name, row.diverted)
    return [breaker, held, diverted]


def _of_looks(rows: Iterable[Row[Any]]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily("crisis_looks", "Public posts by what was seen from outside.", labels=["mode", "sight"])
    for row in rows:
        gauge.add_metric([row.mode, row.sight], row.posts)
    return gauge


def _of_deliveries(rows: Iterable[Row[Any]]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily("crisis_deliveries", "Deliveries by state.", labels=["mode", "lane", "state"])
    for row in rows:
        gauge.add_metric([row.mode, row.lane, row.state], row.deliveries)
    return gauge
