"""Plot: one measure over the runs, as a small picture that a page and a PDF show alike, and the same in words.

``currentColor`` for every line and letter: the picture follows the page into the dark. What is over the target is an open ring and
what is within it a filled one, so that no colour has to tell them apart.
"""

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from crisis import clock
from crisis.drills.measures.figure import Measured
from crisis.drills.measures.service import Trend
from crisis.drills.report.document import Plot
from crisis.drills.report.words import MEASURES, amount
from crisis.tongue.texts import lazily as N_
from crisis.tongue.tongue import Speaker

WIDTH: Final = 380
HEIGHT: Final = 130
_LEFT, _RIGHT, _TOP, _BOTTOM = 14.0, 84.0, 22.0, 24.0
FEWEST: Final = 2
"""Runs that make a trend."""


def plot(speaker: Speaker, measured: Measured, trend: Trend, *, more_is_better: bool) -> Plot | None:
    """The measure over the runs; nothing where fewer than two measured it."""
    known = [value for _, value in trend.points if value is not None]
    if len(known) < FEWEST:
        return None
    name = speaker.gettext(MEASURES[measured])
    return Plot(name, _picture(speaker, trend, more_is_better=more_is_better), _told(speaker, name, trend))


def _told(speaker: Speaker, name: str, trend: Trend) -> str:
    runs = "; ".join(
        f"{speaker.date(at)}: {amount(speaker, value, trend.unit) if value is not None else speaker.gettext(N_('ikke målt'))}"
        for at, value in trend.points
    )
    said = f"{name}. {runs}."
    if trend.target is not None:
        said += " " + speaker.gettext("Målet er %(amount)s.", amount=amount(speaker, trend.target, trend.unit))
    return said


def _picture(speaker: Speaker, trend: Trend, *, more_is_better: bool) -> str:
    known = [value for _, value in trend.points if value is not None]
    highest = max([*known, trend.target or 0.0]) or 1.0
    across = [_x(index, len(trend.points)) for index in range(len(trend.points))]
    places = [
        (x, _y(value, highest), value, at)
        for x, (at, value) in zip(across, trend.points, strict=True)
        if value is not None
    ]
    drawn = [_line(places)]
    if trend.target is not None:
        y = _y(trend.target, highest)
        end = WIDTH - _RIGHT + 4
        drawn.append(
            f'<line x1="{_LEFT:.0f}" y1="{y:.1f}" x2="{end:.0f}" y2="{y:.1f}" stroke="currentColor" stroke-dasharray="5 4" '
            'stroke-width="1"/>'
        )
        said = speaker.gettext("mål %(amount)s", amount=amount(speaker, trend.target, trend.unit))
        drawn.append(_text(end + 4, y + 3.5, said, "start"))
    for x, y, value, _ in places:
        within = trend.target is None or (value >= trend.target if more_is_better else value <= trend.target)
        fill = "currentColor" if within else "none"
        drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="currentColor" stroke-width="2"/>')
        drawn.append(_text(x, y - 8, amount(speaker, value, trend.unit), "middle"))
    base = HEIGHT - _BOTTOM
    drawn.append(
        f'<line x1="{_LEFT:.0f}" y1="{base:.0f}" x2="{WIDTH - _RIGHT + 4:.0f}" y2="{base:.0f}" stroke="currentColor"/>'
    )
    for x, (at, _) in zip(across, trend.points, strict=True):
        local = at.astimezone(clock.OSLO)
        drawn.append(_text(x, HEIGHT - 9, f"{local.day}.{local.month}.{local:%y}", "middle"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="Libertinus Serif" font-size="11">{"".join(drawn)}</svg>'
    )


def _x(index: int, count: int) -> float:
    inner = WIDTH - _LEFT - _RIGHT - 40
    return _LEFT + 20 + (inner * index / (count - 1) if count > 1 else inner / 2)


def _y(value: float, highest: float) -> float:
    room = HEIGHT - _TOP - _BOTTOM - 6
    return HEIGHT - _BOTTOM - 6 - room * max(0.0, value) / highest


def _line(places: Sequence[tuple[float, float, float, object]]) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in places)
    return f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.5"/>'


def _text(x: float, y: float, said: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor">{escape(said)}</text>'
