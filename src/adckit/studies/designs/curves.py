"""Dose-toxicity curves of the CRM, and their posterior by quadrature.

    power      p_d = skeleton_d ^ exp(a)                          a ~ N(0, sd^2)
    logistic   logit p_d = c + exp(a) x_d,  logit skeleton_d = c + x_d
    logistic2  logit p_d = a + exp(b) log(dose_d / reference)     (a, b) ~ N(mean, cov)

The posterior is a sum over a regular grid of standard normal deviates.  The integrand
is smooth and falls off on both sides, for which the trapezoidal rule converges faster
than any power of the step, so that no rule with nodes of its own is needed.

O'Quigley, Pepe and Fisher, Biometrics 1990;46:33-48 (power and logistic);
Neuenschwander, Branson and Gsponer, Stat Med 2008;27:2420-2439 (logistic2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special

__all__ = ["Curve", "Logistic2Prior", "Posterior", "logistic2_curve", "one_parameter"]

_REACH = 7.0
"""Standard deviations that the grid reaches to either side."""
_POINTS = 561
"""Points of the one-parameter grid: a step of 1/40 of a standard deviation."""
_POINTS_2 = 113
"""Points of each axis of the two-parameter grid: a step of 1/8."""


@dataclass(frozen=True)
class Logistic2Prior:
    """Bivariate normal prior of the intercept and the logarithm of the slope."""

    intercept_mean: float = 0.0
    intercept_sd: float = 2.0
    log_slope_mean: float = 0.0
    log_slope_sd: float = 1.0
    correlation: float = 0.0


@dataclass(frozen=True)
class Curve:
    """A prior of curves on a grid of parameters."""

    parameters: np.ndarray
    """(point, parameter)"""
    log_prior: np.ndarray
    """(point,), up to a constant"""
    probability: np.ndarray
    """(point, dose): P(DLT) of every level under every parameter"""
    skeleton: np.ndarray | None = None
    intercept: float | None = None
    """Of the one-parameter logistic curve."""

    @cached_property
    def logarithms(self) -> tuple[np.ndarray, np.ndarray]:
        """log p and log(1 - p), (point, dose), finite."""
        tiny = np.finfo(float).tiny
        inside = np.clip(self.probability, tiny, 1 - np.finfo(float).epsneg)
        return np.log(inside), np.log1p(-inside)

    def posterior(
        self,
        treated: np.ndarray,
        dlts: np.ndarray,
        pending: tuple[tuple[int, float], ...] = (),
    ) -> Posterior:
        """What the outcomes leave of the prior.

        Args:
            treated, dlts: (dose,), subjects whose outcome is known.
            pending: level and share of the window passed, of every other subject;
                each is a subject without a DLT by then, whose probability is
                1 - share * p (Cheung and Chappell, Biometrics 2000;56:1177-1182).
        """
        log_p, log_q = self.logarithms
        log_weight = self.log_prior + log_p @ dlts + log_q @ (treated - dlts)
        for dose, share in pending:
            log_weight = log_weight + np.log1p(-share * self.probability[:, dose])
        weight = np.exp(log_weight - log_weight.max())
        return Posterior(self, weight / weight.sum())


@dataclass(frozen=True)
class Posterior:
    """Weights of the curves after the outcomes."""

    curve: Curve
    weight: np.ndarray
    """(point,), of sum 1"""

    @property
    def parameters(self) -> np.ndarray:
        """Posterior means, (parameter,)."""
        return np.asarray(self.weight @ self.curve.parameters)

    @property
    def mean(self) -> np.ndarray:
        """Posterior mean of P(DLT), (dose,)."""
        return np.asarray(self.weight @ self.curve.probability)

    @property
    def plug_in(self) -> np.ndarray:
        """P(DLT) at the posterior mean of the single parameter, (dose,)."""
        if self.curve.skeleton is None:
            raise ValueError("a two-parameter curve has no plug-in estimate")
        power = float(np.exp(self.parameters[0]))
        return _one_parameter(self.curve.skeleton, self.curve.intercept, power)

    def above(self, threshold: float) -> np.ndarray:
        """P(P(DLT) > threshold), (dose,)."""
        return np.asarray(self.weight @ (self.curve.probability > threshold))


def one_parameter(
    skeleton: tuple[float, ...], sd: float, intercept: float | None
) -> Curve:
    """The power curve, or the logistic one when there is an `intercept`."""
    z = np.linspace(-_REACH, _REACH, _POINTS)
    known = np.array(skeleton)
    probability = _one_parameter(known, intercept, np.exp(sd * z)[:, np.newaxis])
    return Curve((sd * z)[:, np.newaxis], -z * z / 2, probability, known, intercept)


def logistic2_curve(relative_doses: tuple[float, ...], prior: Logistic2Prior) -> Curve:
    """The two-parameter curve; `relative_doses` are dose over reference dose."""
    axis = np.linspace(-_REACH, _REACH, _POINTS_2)
    first, second = (grid.ravel() for grid in np.meshgrid(axis, axis, indexing="ij"))
    rho = prior.correlation
    tilted = rho * first + np.sqrt(1 - rho * rho) * second
    intercept = prior.intercept_mean + prior.intercept_sd * first
    log_slope = prior.log_slope_mean + prior.log_slope_sd * tilted
    logit = intercept[:, np.newaxis] + np.outer(
        np.exp(log_slope), np.log(relative_doses)
    )
    return Curve(
        np.column_stack([intercept, log_slope]),
        -(first * first + second * second) / 2,
        special.expit(logit),
    )


def _one_parameter(
    skeleton: np.ndarray, intercept: float | None, power: np.ndarray | float
) -> np.ndarray:
    if intercept is None:
        return np.asarray(skeleton**power)
    label = special.logit(skeleton) - intercept
    return np.asarray(special.expit(intercept + power * label))
