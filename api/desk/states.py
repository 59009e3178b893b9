"""States: what the desk calls each state of a delivery. "Sent" is that the provider took it, "delivered" that it arrived."""

from collections.abc import Mapping
from typing import Final

from crisis.deliveries.states import DeliveryState as S
from crisis.tongue.texts import lazily as N_

WORDS: Final[Mapping[str, str]] = {
    S.READY: N_("i kø"),
    S.LEASED: N_("i kø"),
    S.IN_FLIGHT: N_("sender"),
    S.RETRY_WAIT: N_("gikk ikke, prøver igjen"),
    S.UNKNOWN: N_("uvisst, undersøkes"),
    S.UNKNOWN_FINAL: N_("uvisst, noen må avgjøre"),
    S.ACCEPTED: N_("sendt"),
    S.SENT: N_("sendt"),
    S.DELIVERED: N_("levert"),
    S.UNDELIVERED: N_("ikke levert"),
    S.EXPIRED: N_("ikke levert i tide"),
    S.REJECTED: N_("avvist av tilbyderen"),
    S.BLOCKED: N_("stanset av låsen"),
    S.CANCELLED: N_("trukket tilbake"),
    S.DEAD: N_("gitt opp"),
}
