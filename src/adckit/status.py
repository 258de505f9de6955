"""What became of each subject, as codes for arrays and as words for people."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["RETRIES", "Status"]


RETRIES = ("", "smaller first step", "tighter tolerance", "reference engine")
"""What was changed for the second, third and fourth try of a subject."""


class Status(IntEnum):
    """Outcome of one subject.  Anything but OK means: its numbers are masked."""

    OK = 0
    STEP_TOO_SMALL = 1
    TOO_MANY_STEPS = 2
    NOT_FINITE = 3
    INTERRUPTED = 4
    NO_STEADY_STATE = 5
    INVALID_INPUT = 6
    STIFF = 7

    @property
    def reason(self) -> str:
        """A sentence for the user."""
        return _REASONS[self]


_REASONS = {
    Status.OK: "solved",
    Status.STEP_TOO_SMALL: (
        "the solver's step became too small to go on; a rate is probably far larger "
        "than the others, or jumps"
    ),
    Status.TOO_MANY_STEPS: (
        "the solver used up its steps; raise max_steps, or loosen rtol"
    ),
    Status.NOT_FINITE: (
        "a rate or a state became infinite or undefined; look for a division by zero "
        "or a runaway growth"
    ),
    Status.INTERRUPTED: "stopped by the user before this subject was finished",
    Status.NO_STEADY_STATE: (
        "the dosing has no steady state that could be found; give single doses instead"
    ),
    Status.INVALID_INPUT: "a parameter or an initial amount is not a finite number",
    Status.STIFF: (
        "the equations are too stiff for an explicit method; let the method be auto "
        "or rodas5p"
    ),
}
