"""Everything that may be done in a drill and asked about one, in one place for the doors. Each act is on record, in mode exercise."""

from crisis.drills.course import pause, put_forward, resume, set_speed, start, stop
from crisis.drills.leading import fire_now, judge, skip
from crisis.drills.notes import observe
from crisis.drills.picture import picture
from crisis.drills.players import break_glass, join, leave, playing, see
from crisis.drills.reading import clock_of, current, get, latest, list_drills

__all__ = [
    "break_glass",
    "clock_of",
    "current",
    "fire_now",
    "get",
    "join",
    "judge",
    "latest",
    "leave",
    "list_drills",
    "observe",
    "pause",
    "picture",
    "playing",
    "put_forward",
    "resume",
    "see",
    "set_speed",
    "skip",
    "start",
    "stop",
]
