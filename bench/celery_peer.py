"""The peer: what most services do. One Celery task a recipient, the Twilio SDK, SQLAlchemy; a SELECT and an UPDATE each.

Run by ``bench/peer.py`` as a worker of its own, with the settings that make it fast and are safe to lose: acknowledged early,
no results kept, nothing asked of other workers. It keeps no promise of ours: no gate, no order, no outcome that is unknown.
"""

import os
from functools import cache

from celery import Celery
from sqlalchemy import BigInteger, Engine, Text, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from twilio.rest import Client

from bench.stub import SID

BROKER, DATABASE, PROVIDER, SENDER, BODY, CALLBACK = (
    f"PEER_{name}" for name in ("BROKER", "DATABASE", "PROVIDER", "SENDER", "BODY", "CALLBACK")
)
"""Environment variables."""

app = Celery("peer", broker=os.environ.get(BROKER))
app.conf.update(
    task_ignore_result=True,
    task_acks_late=False,
    worker_prefetch_multiplier=4,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 3600},
)


class Base(DeclarativeBase):
    """Mother of the peer's one table."""


class Sms(Base):
    """One recipient's message."""

    __tablename__ = "peer_sms"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, default="created", index=True)
    sid: Mapped[str | None] = mapped_column(Text)


@app.task
def send_sms(sms_id: int) -> None:
    """Send one."""
    with Session(_engine()) as session:
        sms = session.get_one(Sms, sms_id)
        sent = _client().messages.create(
            to=sms.number,
            from_=os.environ[SENDER],
            body=os.environ[BODY],
            status_callback=os.environ[CALLBACK],
        )
        sms.status, sms.sid = "sent", sent.sid
        session.commit()


@cache
def _engine() -> Engine:
    """A pool in each of the worker's processes."""
    return create_engine(os.environ[DATABASE], pool_size=1)


@cache
def _client() -> Client:
    """The SDK, with the connection that it keeps open."""
    client = Client(SID, "token")
    client.api.base_url = os.environ[PROVIDER]
    return client
