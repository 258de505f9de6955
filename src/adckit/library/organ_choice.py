"""Which organs a model follows, and their cards.

`organs` is `none` (the default), `card` (those that the product's card lists), or names
such as `liver, platelets`, listed by the card or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from adckit.library.cards import ConjugateCard, PartCard
from adckit.library.checking import check_content, check_form, hint
from adckit.library.opening import open_file
from adckit.library.product import OrganUse
from adckit.library.reading import Problems
from adckit.library.settings import ORGANS as SETTING
from adckit.library.shelf import find
from adckit.mechanisms.organ_parameters import ORGANS

__all__ = ["chosen_organs", "open_organs", "organ_uses"]

_WHERE = f"setting '{SETTING}'"


def chosen_organs(
    wanted: str | None, listed: Iterable[str], problems: Problems
) -> tuple[str, ...]:
    """The organs that a setting asks for, in the order of `ORGANS`.

    `listed` are those of the product's card.  What cannot be used is a problem.
    """
    names = {name.strip() for name in (wanted or "none").split(",")}
    if names == {"none"}:
        return ()
    if names == {"card"}:
        names = set(listed)
        if not names:
            problems.add(_WHERE, f"The card lists no organs. {hint('', ORGANS)}")
    for name in sorted(names - set(ORGANS)):
        known = (*ORGANS, "card", "none")
        alone = f"'{name}' stands alone; leave the other organs out."
        unknown = f"Unknown organ '{name}'. {hint(name, known)}"
        problems.add(_WHERE, alone if name in ("card", "none") else unknown)
    return tuple(organ for organ in ORGANS if organ in names)


def open_organs(
    organs: Iterable[str], parts: Mapping[str, str], problems: Problems
) -> list[PartCard]:
    """The library's cards of these organs, checked."""
    cards = []
    for organ in organs:
        opened = open_file("organ", find("organ", organ), problems)
        if opened is None:
            continue
        check_content(opened.node, (), parts, problems)
        card = check_form("organ", opened.node, problems)
        if card is not None:
            cards.append(card)
    return cards


def organ_uses(card: ConjugateCard) -> dict[str, OrganUse]:
    """The organs that a product's card lists, with the reason for each."""
    return {
        organ: OrganUse(
            use.why, use.source.source(use.evidence) if use.source else None
        )
        for organ, use in card.organs.items()
    }
