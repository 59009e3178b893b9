"""Phrases: everything a channel says by itself around messages, in one language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from crisis.clock import OSLO


@dataclass(frozen=True, slots=True)
class Phrases:
    """Everything a channel says by itself, in one language, most of it on the crisis page. ``{...}`` is filled in there."""

    language: str
    months: tuple[str, ...]
    day: str
    time: str
    at: str
    page: str
    skip: str
    languages: str
    ongoing: str
    latest: str
    earlier: str
    published: str
    changed: str
    next_today: str
    next_later: str
    updated: str
    reload: str
    quiet: str
    quiet_more: str
    advice: str
    over: str
    over_more: str
    not_here: str
    read_in: str
    go_to_latest: str
    one_message: str
    help: str
    numbers: tuple[tuple[str, str], ...]
    no_sms: str
    no_sms_more: str
    radio: str
    feed: str
    sheet: str
    scan: str
    sheet_made: str
    accessibility: str
    privacy: str
    cookies: str
    exercise: str
    kinds: Mapping[str, str]
    message: str
    corrected: str
    read_correction: str
    withdrawn: str
    read_why: str
    post_corrected: str
    post_withdrawn: str
    corrects: str
    withdraws: str

    def moment(self, when: datetime) -> str:
        """``20. november kl. 05.58``."""
        return self.at.format(day=self._day(when), time=self._time(when))

    def next_update(self, when: datetime, issued_at: datetime) -> str:
        """When the next message comes; with the date only if it is another day than the message's own."""
        same_day = when.astimezone(OSLO).date() == issued_at.astimezone(OSLO).date()
        return (self.next_today if same_day else self.next_later).format(day=self._day(when), time=self._time(when))

    def moment_or_time(self, when: datetime, beside: datetime) -> str:
        """``kl. 05.58``; with the date when that is another day than ``beside``."""
        if when.astimezone(OSLO).date() != beside.astimezone(OSLO).date():
            return self.moment(when)
        return self.at.format(day="", time=self._time(when)).strip()

    def kind(self, kind: str) -> str:
        """What this kind of message is called."""
        return self.kinds.get(kind, self.message)

    def _day(self, when: datetime) -> str:
        local = when.astimezone(OSLO)
        return self.day.format(day=local.day, month=self.months[local.month - 1])

    def _time(self, when: datetime) -> str:
        return when.astimezone(OSLO).strftime(self.time)
