import json
import os
import signal
import subprocess
import time
from pathlib import Path

import redis

from crisis.beat import Scheduler
from crisis.broker import SWEEP, TIDY, celery_app, queue_of
from crisis.embedded import commands
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


def test_its_process_rings_until_it_is_asked_to_end_and_knows_no_database(settings: Settings, tmp_path: Path) -> None:
    assert settings.redis_url is not None
    url = settings.redis_url.get_secret_value()
    known = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    env = known | {"CRISIS_HOME": str(tmp_path), "CRISIS_REDIS_URL": url}
    python, _, module, looked = commands.beat(tmp_path)
    queues = [queue_of(mode, Lane.PUBLIC) for mode in Mode]
    with redis.Redis.from_url(url) as broker:
        broker.delete(*queues)
        process = subprocess.Popen([python, "-m", module, looked], env=env, stderr=subprocess.PIPE, text=True)
        give_up = time.monotonic() + 30
        while broker.exists(*queues) < len(queues):
            assert process.poll() is None
            assert time.monotonic() < give_up
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=10)[1]
        broker.delete(*queues)
    assert (process.returncode, said) == (0, "")
    assert Path(looked).exists()
    imports = f"import {module}, sys; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([python, "-c", imports], env=env, check=False).returncode == 0
