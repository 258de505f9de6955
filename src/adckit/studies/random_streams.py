"""Random numbers that depend on nothing but seed, subject and purpose.

A counter-based generator turns (key, counter) into random bits without any state, so a
subject's numbers are the same alone, in any chunk, in any order and on any thread.

    key      the first 64 bits of SHA-256 of seed and purpose
    counter  block of numbers (32 bits), 0, subject number (64 bits)

Each block of Philox-4x32-10 holds 128 bits, which make two numbers of 52 bits each.

Salmon, Moraes, Dror, Shaw. Parallel random numbers: as easy as 1, 2, 3. SC11, 2011.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from adckit.errors import AdckitError

__all__ = ["normals", "philox", "uniforms"]

_ROUNDS = 10
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_WORD = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_DROPPED = np.uint64(12)  # of 64 bits, so that 52 remain
_PER_BLOCK = 2


def philox(counters: ArrayLike, key: tuple[int, int]) -> NDArray[np.uint64]:
    """Philox-4x32-10: random words (n, 4) from counters (n, 4), 32 bits each."""
    c0, c1, c2, c3 = np.asarray(counters, dtype=np.uint64).T
    k0, k1 = key
    for _ in range(_ROUNDS):
        first, second = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c2 = (
            (second >> _HALF) ^ c1 ^ np.uint64(k0),
            (first >> _HALF) ^ c3 ^ np.uint64(k1),
        )
        c1, c3 = second & _WORD, first & _WORD
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=1)


def uniforms(
    seed: int, purpose: str, subjects: ArrayLike, count: int = 1
) -> NDArray[np.float64]:
    """Uniform numbers between 0 and 1, never either, (subject, count).

    `subjects` are subject numbers, any whole numbers from 0 on.  More numbers of a
    purpose begin with the same ones.
    """
    numbers = _subject_numbers(subjects)
    blocks = -(-count // _PER_BLOCK)
    counters = np.zeros((len(numbers), blocks, 4), dtype=np.uint64)
    counters[:, :, 0] = np.arange(blocks, dtype=np.uint64)
    counters[:, :, 2] = (numbers & _WORD)[:, np.newaxis]
    counters[:, :, 3] = (numbers >> _HALF)[:, np.newaxis]
    words = philox(counters.reshape(-1, 4), _key(seed, purpose))
    long = (words[:, 1::2] << _HALF) | words[:, ::2]
    # In the middle of 2^52 equal parts: symmetric, and neither 0 nor 1 can occur.
    parts = ((long >> _DROPPED).astype(np.float64) + 0.5) * 2.0**-52
    return parts.reshape(len(numbers), -1)[:, :count]


def normals(
    seed: int, purpose: str, subjects: ArrayLike, count: int = 1
) -> NDArray[np.float64]:
    """Standard normal numbers, (subject, count); see `uniforms`."""
    return np.asarray(ndtri(uniforms(seed, purpose, subjects, count)))


def _key(seed: int, purpose: str) -> tuple[int, int]:
    digest = hashlib.sha256(f"{seed}\n{purpose}".encode()).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little")


def _subject_numbers(subjects: ArrayLike) -> NDArray[np.uint64]:
    numbers = np.atleast_1d(np.asarray(subjects))
    if numbers.dtype.kind not in "iu" or (numbers < 0).any():
        raise AdckitError(
            "Subject numbers must be whole numbers that are not negative."
        )
    return numbers.astype(np.uint64)
