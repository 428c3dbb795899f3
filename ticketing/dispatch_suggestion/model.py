"""The model that is served: plain numbers, from which category and department are worked out.

Category: for every feature a weight for every category; their mean over the features of a case, by
``temperature`` made into probabilities (softmax). Department: how often cases of a category, in
this area and anywhere, went to which department; summed over the likely categories.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ticketing.dispatch_suggestion.errors import ModelInvalidError
from ticketing.dispatch_suggestion.features import (
    BUCKETS,
    CaseText,
    area_of,
    number_of,
    numbers_of,
    pieces,
    words_of,
)

WORDS_SHOWN = 5
LIKELY = 10  # categories, and departments, that are looked at further
ANYWHERE_WEIGHT = 5.0  # what goes on anywhere counts as so many cases of the area
_ANYWHERE = 0
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, EOFError)
_SHAPES = {
    "weights": ("int8", 2),
    "scale": ("float64", 0),
    "temperature": ("float64", 0),
    "categories": ("int64", 1),
    "departments": ("int64", 1),
    "office_keys": ("int64", 1),
    "office_departments": ("int32", 1),
    "office_counts": ("int32", 1),
}


@dataclass(frozen=True, slots=True)
class CategoryProposal:
    """A category, and the words that speak most for it, in the order of their weight."""

    category_id: int
    confidence: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DepartmentProposal:
    """A department: it got ``cases`` of the ``of`` known ones of the likeliest category.

    Those of ``area`` where there are any, else (``area`` empty) of all.
    """

    department_id: int
    confidence: float
    area: str
    cases: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """Numbers; ``categories`` and ``departments`` are the ids of what they are about.

    ``weights``: features × categories. An office is a category in an area (`office_key`) with how
    many cases went to which of the departments; sorted by key.
    """

    weights: NDArray[np.int8]
    scale: float
    temperature: float
    categories: NDArray[np.int64]
    departments: NDArray[np.int64]
    office_keys: NDArray[np.int64]
    office_departments: NDArray[np.int32]
    office_counts: NDArray[np.int32]

    def scores(self, features: list[int]) -> NDArray[np.float64]:
        """The mean weight of each category, before ``temperature``; for at least one feature."""
        summed = self.weights[features].sum(axis=0, dtype=np.int32)
        return np.asarray(summed * (self.scale / np.sqrt(len(features))), dtype=np.float64)

    def propose(
        self, text: CaseText, category_id: int | None = None
    ) -> tuple[list[CategoryProposal], list[DepartmentProposal]]:
        """Categories and departments, most likely first; nothing for a text without any piece.

        With ``category_id`` the departments are those for that category.
        """
        features = numbers_of(text)
        if not features:
            return [], []
        shares = softmax(self.scores(features) / self.temperature)
        order = np.argsort(-shares)[:LIKELY].tolist()
        likely = {index: float(shares[index]) for index in order}
        proposed = [
            CategoryProposal(int(self.categories[index]), share) for index, share in likely.items()
        ]
        if category_id is not None:
            known = np.flatnonzero(self.categories == category_id).tolist()
            likely = dict.fromkeys(known, 1.0)
        return proposed, self.departments_for(likely, area_of(text))

    def explain(self, text: CaseText, category_id: int) -> tuple[str, ...]:
        """The words of ``text`` that speak most for a category of this model.

        None with less than a quarter of the weight of the first: those say little.
        """
        (index,) = np.flatnonzero(self.categories == category_id).tolist()
        weight = {
            word: sum(int(self.weights[number_of(piece), index]) for piece in pieces(word))
            for word in words_of(text)
        }
        most = max(weight.values(), default=0)
        telling = [word for word in weight if weight[word] > 0 and 4 * weight[word] >= most]
        return tuple(sorted(telling, key=lambda word: -weight[word])[:WORDS_SHOWN])

    def departments_for(self, likely: Mapping[int, float], area: str) -> list[DepartmentProposal]:
        """The `LIKELY` departments for the categories at these indices, by their probabilities."""
        summed: dict[int, float] = {}
        for index, share in likely.items():
            for department, part in self._parts(index, area):
                summed[department] = summed.get(department, 0.0) + share * part
        if not likely:
            return []
        first = max(likely, key=lambda index: likely[index])
        local = self._office(first, area) if area else {}
        known = local or self._office(first, "")
        of = sum(known.values())
        return [
            DepartmentProposal(
                department_id=int(self.departments[department]),
                confidence=min(confidence, 1.0),
                area=area if local else "",
                cases=known.get(department, 0),
                of=of,
            )
            for department, confidence in sorted(summed.items(), key=lambda each: -each[1])[:LIKELY]
        ]

    def _parts(self, index: int, area: str) -> Iterator[tuple[int, float]]:
        """Share of each department in a category, here rather than anywhere."""
        anywhere = self._office(index, "")
        here = self._office(index, area) if area else {}
        total, local = sum(anywhere.values()), sum(here.values())
        for department, cases in anywhere.items():
            usual = ANYWHERE_WEIGHT * cases / total
            yield department, (here.get(department, 0) + usual) / (local + ANYWHERE_WEIGHT)

    def _office(self, index: int, area: str) -> dict[int, int]:
        key = office_key(index, area)
        start, end = np.searchsorted(self.office_keys, [key, key + 1]).tolist()
        departments = self.office_departments[start:end].tolist()
        return dict(zip(departments, self.office_counts[start:end].tolist(), strict=True))

    def to_bytes(self) -> bytes:
        """As it is stored (npz)."""
        file = io.BytesIO()
        arrays: dict[str, Any] = {name: np.asarray(getattr(self, name)) for name in _SHAPES}
        np.savez_compressed(file, **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Inverse of `to_bytes`; nothing in it is ever executed. Raises `ModelInvalidError`."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                found: dict[str, Any] = {name: stored[name] for name in _SHAPES}
        except (*_UNREADABLE, zlib.error, zipfile.BadZipFile) as error:
            raise ModelInvalidError(f"the stored model cannot be read: {error}") from None
        _check(found)
        parts: Any = {name: part if part.ndim else float(part) for name, part in found.items()}
        return cls(**parts)


def office_key(index: int, area: str) -> int:
    """The number of the category at ``index`` in an area; empty: anywhere."""
    number = max(zlib.crc32(area.encode()) & 0x7FFF_FFFF, 1) if area else _ANYWHERE
    return (index << 31) | number


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of scores, along the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def _check(found: Mapping[str, Any]) -> None:
    for name, (kind, dimensions) in _SHAPES.items():
        if found[name].dtype != kind or found[name].ndim != dimensions:
            raise ModelInvalidError(f"{name} of the stored model has another form")
    categories, offices = len(found["categories"]), len(found["office_keys"])
    departments = found["office_departments"]
    fits = (
        found["weights"].shape == (BUCKETS, categories)
        and len(departments) == len(found["office_counts"]) == offices
        and (
            offices == 0 or 0 <= departments.min() <= departments.max() < len(found["departments"])
        )
        and found["temperature"] > 0
    )
    if not fits:
        raise ModelInvalidError("parts of the stored model do not fit together")
