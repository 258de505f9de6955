"""The tokens of a protocol's words, taken one by one.

What a token may be is in `regimen_words`; what a row of them means is in
`regimen_text`.
"""

from __future__ import annotations

from typing import NoReturn

from adckit.errors import RegimenError
from adckit.network.regimen_words import (
    ADVICE,
    TIME_WORDS,
    Token,
    days_from,
    tokens_of,
)

__all__ = ["TokenReader"]

_LARGEST = 1e15
"""No number in a protocol is larger, and beyond it times would not be exact."""


class TokenReader:
    """The tokens of a text, and how far they have been read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens_of(text)
        self.at = 0

    def peek(self, ahead: int = 0) -> Token:
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def next(self) -> Token:
        token = self.peek()
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def last(self) -> Token:
        return self.tokens[max(self.at - 1, 0)]

    def take(self, *words: str) -> Token | None:
        return self.next() if self.peek().word in words else None

    def expect(self, *words: str) -> Token:
        token = self.take(*words)
        if token is None:
            self.fail(f"Expected '{words[0]}' here.", self.peek())
        return token

    def number(self, what: str) -> float:
        token = self.next()
        if token.text == "-" and self.peek().kind == "number":
            self.fail(f"A negative {what} makes no sense.", token, self.peek())
        if token.kind != "number":
            self.fail(f"Expected a number here, the {what}.", token)
        if token.value > _LARGEST:
            self.fail(f"{token.text} is too large to be meant.", token)
        return token.value

    def whole(self, what: str) -> int:
        value = self.number(what)
        if value != int(value):
            self.fail(f"A {what} is a whole number.", self.last())
        return int(value)

    def time(self, what: str) -> float:
        value = self.number(what)
        self.take("-")
        return days_from(value, self.time_unit())

    def time_ahead(self) -> bool:
        """Whether a unit of time stands here, perhaps behind a hyphen."""
        ahead = 1 if self.peek().text == "-" else 0
        found = self.peek(ahead).word in TIME_WORDS
        if found and ahead:
            self.next()
        return found

    def time_unit(self) -> str:
        token = self.next()
        word = token.word
        if word not in TIME_WORDS:
            hint = ADVICE.get(word, "Write min, h, d or w, as in `q3w`.")
            self.fail(f"Expected a unit of time here. {hint}", token)
        return TIME_WORDS[word]

    def fail(self, message: str, first: Token, last: Token | None = None) -> NoReturn:
        end = (last or first).end
        raise RegimenError(message, self.text, (first.start, end))
