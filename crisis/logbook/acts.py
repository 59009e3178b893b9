"""Acts: which of the acts on record a log tells, and what each is about. What is here in code is put in words by whoever shows it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class About(StrEnum):
    """What an entry is about: what a log is filtered by."""

    NOTE = "note"
    LOCK = "lock"
    MESSAGE = "message"
    DELIVERY = "delivery"
    READ = "read"
    POST = "post"
    ACCOUNT = "account"
    ACCESS = "access"


ACTS: Final[Mapping[str, About]] = {
    "note": About.NOTE,
    "activate": About.LOCK,
    "confirm": About.LOCK,
    "stand_down": About.LOCK,
    "notify": About.LOCK,
    "acknowledge_lock": About.LOCK,
    "write": About.MESSAGE,
    "submit": About.MESSAGE,
    "take back": About.MESSAGE,
    "send back": About.MESSAGE,
    "approve": About.MESSAGE,
    "retract": About.MESSAGE,
    "withdraw": About.MESSAGE,
    "promise due soon": About.MESSAGE,
    "promise missed": About.MESSAGE,
    "try_again": About.DELIVERY,
    "check": About.DELIVERY,
    "send_again": About.DELIVERY,
    "mark_sent": About.DELIVERY,
    "drop": About.DELIVERY,
    "withdrawn": About.DELIVERY,
    "not withdrawn": About.DELIVERY,
    "acknowledge": About.READ,
    "post": About.POST,
    "publish_blocked": About.POST,
    "drop_blocked": About.POST,
    "take_back_post": About.POST,
    "write_pointer": About.MESSAGE,
    "approve_pointer": About.MESSAGE,
    "withdraw_pointer": About.MESSAGE,
    "publish_pointer": About.POST,
    "divert_account": About.ACCOUNT,
    "return_account": About.ACCOUNT,
    "connect_account": About.ACCOUNT,
    "close_account": About.ACCOUNT,
    "set_limit": About.ACCOUNT,
    "set_standby": About.ACCOUNT,
    "use_break_glass_code": About.ACCESS,
    "acknowledge_break_glass": About.ACCESS,
    "acknowledge_appointment": About.ACCESS,
    "export_log": About.ACCESS,
    "export_package": About.ACCESS,
}
"""``{action of the audit log: what it is about}``. What is not here is for the auditor, in the audit log itself."""
