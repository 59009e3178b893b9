"""Vocabulary: the words that a playbook chooses from. Exercise planning's (DSB's guides, HSEEP), and this service's own."""

from enum import StrEnum


class Status(StrEnum):
    """Whether a playbook may be used in a real crisis: only what is approved is offered there."""

    DRAFT = "draft"
    APPROVED = "approved"
    RETIRED = "retired"


class Form(StrEnum):
    """The form of the exercise, by DSB's names."""

    DISKUSJON = "diskusjon"
    FUNKSJON = "funksjon"
    SPILL = "spill"
    FULLSKALA = "fullskala"


class Via(StrEnum):
    """How an inject comes: to a person, or into the exercise's world."""

    PHONE = "phone"
    EMAIL = "email"
    SMS = "sms"
    PRESS = "press"
    SOCIAL = "social"
    IN_PERSON = "in_person"
    NOTE = "note"
    UNIT_POST = "unit_post"
    CHANNEL_FAULT = "channel_fault"
    SYSTEM_FAULT = "system_fault"


class ChannelFault(StrEnum):
    """How a provider behaves in the exercise's world."""

    DOWN = "down"
    SLOW = "slow"
    RATE_LIMITED = "rate_limited"
    GARBAGE = "garbage"


class SystemFault(StrEnum):
    """What of our own is gone in the exercise's world."""

    IDP_DOWN = "idp_down"
    REDIS_GONE = "redis_gone"
    WEBSITE_DOWN = "website_down"


class Action(StrEnum):
    """What an expectation may be that resolves by itself, from the log. What a person judges may be called anything."""

    ACTIVATE = "activate"
    LOCK_ALL = "lock_all"
    PUBLISH = "publish"
    PUBLISH_BLOCKED = "publish_blocked"
    UPDATE_DUE = "update_due"
    RETRY_OR_NOTE = "retry_or_note"
    BRIEF_SWITCHBOARD = "brief_switchboard"
    BRIEF_EMPLOYEES = "brief_employees"
    NOTE = "note"
    BREAK_GLASS = "break_glass"
    RETRACT = "retract"
    DEACTIVATE = "deactivate"


class Element(StrEnum):
    """What a message should have told (Warning Response Model): who says it, what, what it does, where, what to do, when."""

    SOURCE = "source"
    HAZARD = "hazard"
    IMPACT = "impact"
    LOCATION = "location"
    GUIDANCE = "guidance"
    TIME = "time"


class Check(StrEnum):
    """Who says whether an expectation was met."""

    AUTO = "auto"
    MANUAL = "manual"


class Side(StrEnum):
    """Whether a role plays, or leads and plays against."""

    PLAYERS = "players"
    CONTROL = "control"
