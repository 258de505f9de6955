"""Trial designs as pure functions: a history goes in, a decision comes out."""

from adckit.studies.designs.accelerated import AcceleratedTitration
from adckit.studies.designs.base import (
    Action,
    Cohort,
    Decision,
    Design,
    History,
    Limits,
)
from adckit.studies.designs.bayes_stopping import BayesianStopping, Endings
from adckit.studies.designs.boin import Boin
from adckit.studies.designs.crm import Crm, Overdose
from adckit.studies.designs.curves import Logistic2Prior
from adckit.studies.designs.interval import Verdict, select_mtd
from adckit.studies.designs.keyboard import Keyboard
from adckit.studies.designs.making import (
    ESCALATIONS,
    PHASE_TWO,
    PhaseTwoDesign,
    make_escalation,
    make_phase_two,
)
from adckit.studies.designs.simon import TwoStage, minimax, optimal, simon_designs
from adckit.studies.designs.three_plus_three import ThreePlusThree

__all__ = [
    "ESCALATIONS",
    "PHASE_TWO",
    "AcceleratedTitration",
    "Action",
    "BayesianStopping",
    "Boin",
    "Cohort",
    "Crm",
    "Decision",
    "Design",
    "Endings",
    "History",
    "Keyboard",
    "Limits",
    "Logistic2Prior",
    "Overdose",
    "PhaseTwoDesign",
    "ThreePlusThree",
    "TwoStage",
    "Verdict",
    "make_escalation",
    "make_phase_two",
    "minimax",
    "optimal",
    "select_mtd",
    "simon_designs",
]
