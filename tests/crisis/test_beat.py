import json
import time
from pathlib import Path

import redis

from crisis.beat import Scheduler
from crisis.broker import SWEEP, TIDY, celery_app, queue_of
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.settings import Settings


def test_it_rings_for_both_modes_tidies_once_when_it_starts_and_says_when_it_looked(
    settings: Settings, tmp_path: Path
) -> None:
    assert settings.redis_url is not None
    looked, begun = tmp_path / "looked", time.time()
    scheduler = Scheduler(celery_app(settings.model_copy(update={"sweep_seconds": 0.2})), schedule_filename=str(looked))
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as broker:
        queues = {mode: queue_of(mode, Lane.PUBLIC) for mode in Mode}
        broker.delete(*queues.values())
        while time.time() < begun + 1.0:
            scheduler.tick()
            time.sleep(0.02)
        rung = {
            mode: [json.loads(each)["headers"]["task"] for each in broker.lrange(queue, 0, -1)]  # type: ignore[union-attr]
            for mode, queue in queues.items()
        }
        broker.delete(*queues.values())
    assert rung[Mode.ACTUAL].count(TIDY) == 1
    assert 2 <= rung[Mode.ACTUAL].count(SWEEP) <= 5
    assert 2 <= rung[Mode.EXERCISE].count(SWEEP) == len(rung[Mode.EXERCISE]) <= 5
    assert looked.stat().st_mtime >= begun - 1
