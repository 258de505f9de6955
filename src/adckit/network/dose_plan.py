"""Who is given what: one schedule for many subjects, scaled by each one's body."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from adckit.network.dosing import Schedule

__all__ = ["DosePlan"]


@dataclass(frozen=True, eq=False)
class DosePlan(Sequence[Schedule]):
    """The schedule of every subject, without writing each one out.

    Subject s follows `templates[which[s]]` with every dose times `factor[s]`: a dose in
    mg/kg is the same schedule for everybody, larger for the heavier.
    """

    templates: tuple[Schedule, ...]
    which: np.ndarray
    """(subject,), the template"""
    factor: np.ndarray
    """(subject,)"""

    @classmethod
    def shared(cls, schedule: Schedule, factor: np.ndarray) -> DosePlan:
        """One schedule for all."""
        return cls((schedule,), np.zeros(len(factor), dtype=np.int64), factor)

    @classmethod
    def each(cls, schedules: Sequence[Schedule]) -> DosePlan:
        """A schedule for each subject."""
        count = len(schedules)
        return cls(tuple(schedules), np.arange(count), np.ones(count))

    def up_to(self, day: float) -> DosePlan:
        """What happens up to and including a day."""
        return replace(self, templates=tuple(t.up_to(day) for t in self.templates))

    def __len__(self) -> int:
        return len(self.which)

    def __getitem__(self, subject):  # type: ignore[no-untyped-def]
        if isinstance(subject, slice):
            return [self[i] for i in range(*subject.indices(len(self)))]
        template = self.templates[int(self.which[subject])]
        return template.scaled(float(self.factor[subject]))

    def __iter__(self) -> Iterator[Schedule]:
        return (self[i] for i in range(len(self)))
