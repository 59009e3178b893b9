"""Checks: each promise of the demo held against the sandbox's records, the pages and the audit log."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crisis.activations.drain import Unresolved
from crisis.activations.models import Activation
from crisis.activations.service import ActivationLocked
from crisis.activations.states import ActivationState
from crisis.audit import chain
from crisis.bootstrap import Crisis
from crisis.deliveries.ledger import Line
from crisis.deliveries.states import DeliveryState
from crisis.demo import people
from crisis.demo.judge import Judge, Record
from crisis.demo.place import crisis_page
from crisis.demo.promises import Promise
from crisis.demo.town import KEEPER, Town, standings
from crisis.messages.plan import Plan
from crisis.posts.standing import Standing

STAND_INS = {"facebook": "graph", "twitter": "x"}
"""Which stand-in plays a channel whose posts are text."""


async def published(crisis: Crisis, judge: Judge, posts: Sequence[int]) -> Promise:
    """In ordinary times, what units post is published."""
    wanted = {each.text for each in (await standings(crisis, posts)).values()}
    out = wanted & {record.text for record in await judge.records()}
    return Promise("In ordinary times units publish by themselves.", out == wanted, f"{len(out)} of {len(wanted)} out")


async def confirmed(judge: Judge, activation: Activation, unresolved: Sequence[Unresolved], in_flight: str) -> Promise:
    """The lock waits for what is in flight, and then says so."""
    name = "The lock is confirmed only when what was in flight has ended."
    if activation.state is not ActivationState.CONFIRMED or activation.confirmed_at is None:
        return Promise(name, kept=False, evidence=f"the activation is {activation.state}")
    at = activation.confirmed_at.timestamp()
    before = [r for r in await judge.records("graph") if r.text == in_flight and r.published <= at]
    kept = len(before) == 1 and not unresolved
    return Promise(name, kept, f"{len(before)} of 1 had ended, {len(unresolved)} unresolved")


async def refused(crisis: Crisis, refusal: ActivationLocked | None, text: str) -> tuple[Promise, list[int]]:
    """The unit is told who holds the lock and since when, and its post is kept."""
    found = [each for each in await _all_posts(crisis) if each.text == text and "blocked" in each.counts]
    kept = refusal is not None and bool(refusal.held_by) and len(found) == 1
    evidence = f"held by {refusal.held_by}, {len(found)} post kept" if refusal else "it was not refused"
    return Promise("The post is refused, says who holds the lock, and is kept.", kept, evidence), [p.id for p in found]


async def pages(crisis: Crisis, judge: Judge, plan: Plan) -> Promise:
    """The crisis page and the municipality's site show the message in every language."""
    url, found, wanted = crisis_page(crisis.settings), 0, 0
    articles = [record for record in await judge.records("wordpress") if record.verb == "create"]
    for preview in plan.previews:
        title = preview.rendered.title
        if preview.channel == "website":
            file = "" if preview.language == crisis.settings.languages[0] else f"{preview.language}.html"
            found += title in await judge.page(f"{url}{file}")
        elif preview.channel == "wordpress":
            found += sum(title in (str(article.facts.get("title")) + article.text) for article in articles) == 1
        else:
            continue
        wanted += 1
    name = "The crisis page and the website show the message in three languages."
    return Promise(name, found == wanted > 0, f"{found} of {wanted} pages")


async def posts(judge: Judge, plan: Plan) -> Promise:
    """Facebook and X have exactly the approved texts, once each."""
    texts = Counter((record.provider, record.text) for record in await judge.records() if record.verb == "create")
    wanted = {(STAND_INS[p.channel], p.rendered.text) for p in plan.previews if p.channel in STAND_INS}
    once = sum(texts[each] == 1 for each in wanted)
    name = "Facebook and X have the approved texts, word for word and once."
    return Promise(name, once == len(wanted) > 0, f"{once} of {len(wanted)} posts")


async def are_told(judge: Judge, since: datetime) -> bool:
    """Whether everyone who answers for an account has had a text message since then: a deputy is asked when the leader is silent."""
    wanted = {each["phone"] for each in people.contacts() if each["part"] != "deputy"}
    begin = since.timestamp()
    records = await judge.records("twilio")
    return wanted <= {record.to for record in records if record.verb == "create" and record.accepted >= begin}


async def told(judge: Judge, activation: Activation) -> Promise:
    """Those who answer for the accounts know."""
    everyone = sum(each["part"] != "deputy" for each in people.contacts())
    kept = await are_told(judge, activation.activated_at)
    name = "Everyone who answers for an account was told at once, with a link to answer by."
    return Promise(name, kept, f"{everyone} leaders and editors by SMS")


async def sms(judge: Judge, plan: Plan, everyone: Mapping[str, str]) -> list[Promise]:
    """Every recipient got the SMS once, in their own language. ``everyone`` is ``{number: language}``."""
    texts = {p.rendered.text: p.language for p in plan.previews if p.channel == "sms"}
    answering = {each["phone"] for each in people.contacts()}
    records = [
        record for record in await judge.records("twilio") if record.verb == "create" and record.to not in answering
    ]
    times = Counter(record.to for record in records)
    once = sum(times[number] == 1 for number in everyone)
    strangers = len(times.keys() - everyone.keys())
    theirs = sum(texts.get(record.text) == everyone.get(record.to or "") for record in records)
    return [
        Promise(
            "Every recipient got the SMS exactly once, and nobody else did.",
            once == len(everyone) and not strangers and len(records) == len(everyone),
            f"{once:,} of {len(everyone):,}, {strangers} strangers, {len(records) - len(times):,} repeats",
        ),
        Promise("Each in their own language.", theirs == len(everyone), f"{theirs:,} of {len(everyone):,}"),
    ]


def adds_up(lines: Sequence[Line], audience: int, plan: Plan) -> Promise:
    """The counts of each channel add up to what was approved: the audience for SMS."""
    totals: Counter[str] = Counter()
    for line in lines:
        totals[line.channel] += line.total
    kept = totals == Counter(plan.deliveries) and totals["sms"] == audience
    figures = f"SMS {totals['sms']:,} of {audience:,}; in all {totals.total():,} of {sum(plan.deliveries.values()):,}"
    return Promise("The counts add up to the audience.", kept, figures)


async def receipts(judge: Judge, lines: Sequence[Line]) -> Promise:
    """What we call delivered is what the provider reported as delivered, and so for the rest."""
    lost = await judge.hits("undelivered")
    counts: Counter[DeliveryState] = Counter()
    for line in lines:
        if line.channel == "sms":
            counts.update(line.counts)
    expected = {DeliveryState.DELIVERED: counts.total() - lost, DeliveryState.UNDELIVERED: lost}
    kept = counts.total() > 0 and dict(+counts) == {state: n for state, n in expected.items() if n}
    said = f"{counts[DeliveryState.DELIVERED]:,} delivered, {counts[DeliveryState.UNDELIVERED]:,} not; {lost} lost on purpose"
    return Promise("“Delivered” is what the provider reported, and nothing else.", kept, said)


async def nothing_started(
    judge: Judge, activation: Activation, ended: Activation, town: Town, held: Mapping[int, Standing]
) -> Promise:
    """From the confirmation to the stand-down, no stand-in published anything of a unit's; all that came due is blocked."""
    name = "After confirmation no unit's post went out, and none is lost."
    if activation.confirmed_at is None or ended.stood_down_at is None:
        return Promise(name, kept=False, evidence="the lock was never confirmed")
    begin, end = activation.confirmed_at.timestamp(), ended.stood_down_at.timestamp()
    units = [record for record in await judge.records() if record.account in town.unit_addresses]
    during = [record for record in units if _happened(record, begin, end)]
    blocked = sum(set(each.counts) == {"blocked"} for each in held.values())
    kept = not during and blocked == len(held) > 0
    return Promise(name, kept, f"{len(during)} went out, {blocked} of {len(held)} blocked")


def still_blocked(posts: Mapping[int, Standing]) -> Promise:
    """Standing down lets nothing out by itself."""
    blocked = sum(set(each.counts) == {"blocked"} for each in posts.values())
    return Promise(
        "Standing down releases nothing by itself.",
        blocked == len(posts) > 0,
        f"{blocked} of {len(posts)} still blocked",
    )


async def decided(crisis: Crisis, judge: Judge, out: int, dropped: int) -> Promise:
    """The owner's word, post by post."""
    found = await standings(crisis, [out, dropped])
    texts = Counter(record.text for record in await judge.records() if record.verb == "create")
    kept = texts[found[out].text] == 1 and texts[found[dropped].text] == 0 and found[dropped].state == "cancelled"
    evidence = f"{texts[found[out].text]} published, {texts[found[dropped].text]} of the dropped"
    return Promise("Each owner decides: one publishes, one drops.", kept, evidence)


async def audit(crisis: Crisis) -> Promise:
    """The log is whole."""
    async with crisis.db.transaction() as session:
        verdict = await chain.verify(session)
    evidence = f"{verdict.entries} entries" if verdict.holds else str(verdict.fault)
    return Promise("Who did what is on record, and the record holds.", verdict.holds, evidence)


async def nothing_in_addresses(judge: Judge) -> Promise:
    """No token stood in an address, where logs would keep it."""
    counts = await judge.counts()
    leaked = sum(each.get("tokens_in_urls", 0) for each in counts.values())
    return Promise("No token stood in any address.", leaked == 0, f"{leaked} seen")


def as_json(line: Line) -> dict[str, Any]:
    """One line of the final table."""
    return {
        "channel": line.channel,
        "account": line.account,
        "language": line.language,
        "total": line.total,
        "states": {state.value: count for state, count in sorted(line.counts.items())},
    }


def milliseconds(activation: Activation) -> float:
    """From the lock to its confirmation."""
    if activation.confirmed_at is None:
        return 0.0
    return (activation.confirmed_at - activation.activated_at).total_seconds() * 1000


def _happened(record: Record, begin: float, end: float) -> bool:
    return begin < record.accepted < end or begin < record.published < end


async def _all_posts(crisis: Crisis) -> list[Standing]:
    found: list[Standing] = []
    after = 0
    while page := await crisis.posts.list(KEEPER, after=after):
        found += page
        after = page[-1].id
    return found
