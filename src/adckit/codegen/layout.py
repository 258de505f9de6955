"""Where the integrator finds things: its job and its working memory.

A job is a table of 8-byte slots (pointers, integers, numbers) that all threads share.
Working memory belongs to one thread; every entry is a vector with one number per lane.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum

from adckit.codegen.emitter import Function, Reg
from adckit.codegen.kernels import ModelShape

__all__ = ["ARGUMENTS", "INFINITY", "JOB", "ActionKind", "Layout", "Memory"]

ARGUMENTS = "ptr noalias %job, ptr noalias %work"
"""Arguments of every function of the integrator."""


class ActionKind(IntEnum):
    """What an action does at its time."""

    ADD = 0
    """state[index] += value"""
    SET_INPUT = 1
    """input[index] = value, until it is set again"""
    SET_STATE = 2
    """state[index] = value"""


INFINITY = Reg("double", "0x7FF0000000000000")

JOB = {
    "parameters": "ptr",  # (subject, parameter)
    "initial": "ptr",  # (subject, state)
    "absolute": "ptr",  # (subject, state)
    "offsets": "ptr",  # (subject + 1), i64
    "action_time": "ptr",
    "action_kind": "ptr",  # i64
    "action_index": "ptr",  # i64
    "action_value": "ptr",
    "times": "ptr",  # (time)
    "out": "ptr",  # (subject, time, output)
    "status": "ptr",  # (subject), i64
    "stopped": "ptr",  # (subject)
    "steps": "ptr",  # (subject), i64
    "rejected": "ptr",  # (subject), i64
    "final": "ptr",  # (subject, state)
    "next": "ptr",  # the next subject that nobody has taken, i64
    "finished": "ptr",  # subjects done, i64
    "halt": "ptr",  # not 0: stop as soon as possible, i64
    "last": "i64",  # subjects below this number are to be done
    "time_count": "i64",
    "max_steps": "i64",
    "max_limited": "i64",  # steps at the limit of stability
    "rtol": "double",
    "start": "double",
    "end": "double",
    "first_step": "double",
}
"""Slots of a job, in order, with their types."""

_NUMBERS = (
    "time",
    "new_time",
    "step",  # size of the step being tried
    "proposal",  # size of the next step
    "stop",  # time of the next action
    "next_output",
    "error",
    "error_before",
    "fraction",  # place inside the step
    "stage_time",
    "inverse_step",
    "scalar",  # argument of `factor`
)
_INTEGERS = (
    "subject",
    "row",  # next output
    "action",  # next action
    "action_end",
    "accepted_steps",
    "rejected_steps",
    "limited_steps",  # explicit methods: steps at the limit of stability
    "stale",  # explicit methods: the first stage is not that of this state
    "limited",  # explicit methods: the step is at the limit of stability
    "active",
    "fresh",  # loaded, not started
    "accepted",
    "refused",  # the try before was rejected
    "marked",  # see Memory.each_lane
    "fired",  # number of the event that ends this step, or -1
)


@dataclass(frozen=True)
class Layout:
    """Offsets of working memory, in vectors."""

    offsets: dict[str, int]
    size: int

    @classmethod
    def of(cls, shape: ModelShape, stages: int, dense: int) -> Layout:
        """Working memory for a model and a method."""
        states = shape.states
        sizes = {
            "state": states,
            "new_state": states,
            "trial": states * (stages if len(shape.groups) > 1 else 1),
            "final_state": states,
            "rate": states,
            "offset": states,
            "slope": states,
            "absolute": states,
            "stages": states * stages,
            "dense": states * dense,
            "lu": shape.factors,
            "fixed": shape.fixed,
            "input": max(1, shape.inputs),
            "observed": max(1, shape.outputs),
            "before": max(1, shape.events),
            "after": max(1, shape.events),
            "probe": max(1, shape.events),
            "assigned": max(1, shape.assigned),
            **dict.fromkeys((*_NUMBERS, *_INTEGERS), 1),
        }
        offsets, size = {}, 0
        for name, count in sizes.items():
            offsets[name] = size
            size += count
        return cls(offsets, size)


class Memory:
    """Access to job and working memory inside one function of the integrator."""

    def __init__(self, f: Function, layout: Layout) -> None:
        self.f, self.layout = f, layout
        self.lanes = f.module.lanes

    def job(self, name: str) -> Reg:
        """The content of a job slot."""
        kind = JOB[name]
        place = self.f.at(self.f.arg("job"), list(JOB).index(name), "i64")
        return self.f.give(kind, f"load {kind}, {place}")

    def everywhere(self, name: str) -> Reg:
        """A number of the job in every lane."""
        return self.f.spread(self.job(name))

    def place(self, name: str, index: Reg | int = 0) -> Reg:
        """Address of a vector of working memory."""
        base = self.f.at(self.f.arg("work"), self.layout.offsets[name])
        return base if index == 0 else self.f.at(base, index)

    def get(self, name: str, index: Reg | int = 0) -> Reg:
        return self.f.load(self.place(name, index))

    def put(self, value: Reg, name: str, index: Reg | int = 0) -> None:
        self.f.store(value, self.place(name, index))

    def get_whole(self, name: str) -> Reg:
        return self.f.load(self.place(name), 0, self.f.module.whole)

    def mask(self, name: str) -> Reg:
        """Lanes whose flag is not 0."""
        zero = self.f.module.integer(0)
        return self.f.compare_whole("ne", self.get_whole(name), zero)

    def put_mask(self, mask: Reg, name: str) -> None:
        whole = self.f.module.whole
        self.f.store(self.f.cast(mask, whole, "zext"), self.place(name))

    @contextmanager
    def each_lane(self, mask: Reg) -> Iterator[Reg]:
        """Do the block for every lane of `mask`, which is read once."""
        f = self.f
        with f.when(f.any(mask)):
            self.put_mask(mask, "marked")
            with f.loop(self.lanes) as lane:
                marked = self.lane_get("marked", lane, "i64")
                with f.when(f.compare_whole("ne", marked, Reg("i64", "0"))):
                    yield lane

    def lane(self, name: str, lane: Reg, index: Reg | int = 0) -> Reg:
        """Address of one lane's element of vector `index` of an entry."""
        return self.f.at(self.place(name, index), lane, "double")

    def lane_get(self, name: str, lane: Reg, kind: str = "double") -> Reg:
        return self.f.get(self.lane(name, lane), kind)

    def lane_put(self, value: Reg, name: str, lane: Reg) -> None:
        self.f.put(value, self.lane(name, lane))
