"""Makes a model out of cases: complement naive Bayes of scikit-learn, learnt in batches.

Imports scikit-learn (some 80 MB of memory): for the process that trains, not for those that serve.
"""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.naive_bayes import ComplementNB

from ticketing.dispatch_suggestion.errors import TooFewCasesError
from ticketing.dispatch_suggestion.features import BODY_READ, BUCKETS, CaseText, area_of, numbers_of
from ticketing.dispatch_suggestion.measuring import Tally
from ticketing.dispatch_suggestion.model import Model, office_key, softmax

SMOOTHING = 0.3
BATCH = 5000
LEARNT, ADJUSTED = 0.8, 0.9  # shares of the cases, oldest first; the rest is held out
TEMPERATURES = (-6.0, 3.0)  # natural logarithms


@dataclass(frozen=True, slots=True)
class Example:
    """A case, and where people sent it in the end."""

    text: CaseText
    category_id: int
    department_id: int | None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `cases_to_learn`."""
        text = CaseText(row["title"], row["body"][:BODY_READ], row["address"])
        return cls(text, row["category_id"], row["lead_id"])


class Trainer:
    """Learns case by case, keeping only counts; `finish` once, with cases that were not learnt."""

    def __init__(self, categories: Sequence[int]) -> None:
        self._categories = np.array(sorted(categories), dtype=np.int64)
        self._index = {int(known): index for index, known in enumerate(self._categories)}
        if len(self._categories) < 2:
            raise TooFewCasesError("cases of fewer than two categories")
        self._bayes = ComplementNB(alpha=SMOOTHING)
        self._numbers, self._ends, self._labels = array("i"), array("i", [0]), array("i")
        self._departments: dict[int, int] = {}
        self._offices: Counter[tuple[int, int]] = Counter()
        self._learnt = False

    def knows(self, category_id: int) -> bool:
        """Whether it is one of the categories that are told apart."""
        return category_id in self._index

    def learn(self, example: Example) -> None:
        """Take a case of a known category."""
        index, features = self._index[example.category_id], numbers_of(example.text)
        if example.department_id is not None:
            known = self._departments
            department = known.setdefault(example.department_id, len(known))
            for area in {"", area_of(example.text)}:
                self._offices[office_key(index, area), department] += 1
        if features:
            self._numbers.extend(features)
            self._ends.append(len(self._numbers))
            self._labels.append(index)
        if len(self._labels) >= BATCH:
            self._take()

    def finish(self, kept_apart: Sequence[Example]) -> Model:
        """The model, its confidence adjusted to how often it is right about ``kept_apart``."""
        self._take()
        if not self._learnt:
            raise TooFewCasesError("no case says anything")
        weights, scale = _rounded(self._bayes.feature_log_prob_)
        offices = sorted(self._offices.items())
        model = Model(
            weights=weights,
            scale=scale,
            temperature=1.0,
            categories=self._categories,
            departments=np.array(list(self._departments), dtype=np.int64),
            office_keys=np.array([key for (key, _), _ in offices], dtype=np.int64),
            office_departments=np.array([at for (_, at), _ in offices], dtype=np.int32),
            office_counts=np.array([cases for _, cases in offices], dtype=np.int32),
        )
        return _with_temperature(model, self._index, kept_apart)

    def _take(self) -> None:
        """Learn the batch."""
        if not self._labels:
            return
        ends = np.frombuffer(self._ends, dtype=np.int32)
        lengths = np.diff(ends)
        values = np.repeat(1 / np.sqrt(lengths), lengths)
        numbers = np.frombuffer(self._numbers, dtype=np.int32)
        batch = csr_matrix((values, numbers, ends), shape=(len(self._labels), BUCKETS))
        labels = np.frombuffer(self._labels, dtype=np.int32)
        self._bayes.partial_fit(batch, labels, classes=np.arange(len(self._categories)))
        self._learnt = True
        self._numbers, self._ends, self._labels = array("i"), array("i", [0]), array("i")


class Course:
    """Cases as they come, oldest first: most are learnt, some kept apart, the newest held out."""

    def __init__(self, categories: Sequence[int], count: int) -> None:
        self._trainer = Trainer(categories)
        self._count = count
        self._kept_apart: list[Example] = []
        self._held_out: list[Example] = []
        self.cases = 0
        self.first: Any = None
        self.last: Any = None

    def take(self, row: Any) -> None:
        """A row of `cases_to_learn`, of ``count``."""
        self.first, self.last = self.first or row, row
        example = Example.from_row(row)
        if self.cases >= ADJUSTED * self._count:
            self._held_out.append(example)
        elif self.cases >= LEARNT * self._count:
            self._kept_apart.append(example)
        elif self._trainer.knows(example.category_id):
            self._trainer.learn(example)
        self.cases += 1

    def finish(self) -> tuple[Model, dict[str, Any]]:
        """The model, and how good it is at what was held out. Raises `TooFewCasesError`."""
        model = self._trainer.finish(self._kept_apart)
        return model, measure(model, self._held_out)


def measure(model: Model, held_out: Sequence[Example]) -> dict[str, Any]:
    """How good the model is at cases that it has not seen: what is stored with it."""
    categories, departments = Tally(), Tally()
    for example in held_out:
        proposed, offices = model.propose(example.text)
        confidence = proposed[0].confidence if proposed else 0.0
        categories.add(example.category_id, [each.category_id for each in proposed], confidence)
        if example.department_id is not None:
            confidence = offices[0].confidence if offices else 0.0
            ranked = [each.department_id for each in offices]
            departments.add(example.department_id, ranked, confidence)
    return {"category": categories.to_json(), "department": departments.to_json()}


def _rounded(weights: NDArray[np.float64]) -> tuple[NDArray[np.int8], float]:
    """Weights as small numbers, features × categories, and what one of them is worth.

    From every feature its mean is taken: that moves all categories alike, and a weight then says
    whether the feature speaks for a category or against it.
    """
    centred = np.ascontiguousarray((weights - weights.mean(axis=0)).T)
    scale = max(float(np.abs(centred).max()), 1e-9) / 127
    return np.rint(centred / scale).astype(np.int8), scale


def _with_temperature(model: Model, index: dict[int, int], kept_apart: Sequence[Example]) -> Model:
    """The temperature under which ``kept_apart`` is likeliest (Guo et al. 2017, section 4.2)."""
    rows, right = [], []
    for example in kept_apart:
        features = numbers_of(example.text)
        if features and example.category_id in index:
            rows.append(model.scores(features))
            right.append(index[example.category_id])
    if not rows:
        raise TooFewCasesError("no case is left to adjust the confidence by")
    scores, at = np.array(rows), (np.arange(len(rows)), np.array(right))

    def surprise(logarithm: float) -> float:
        shares = softmax(scores / np.exp(logarithm))[at]
        return float(-np.log(np.maximum(shares, 1e-12)).mean())

    best = minimize_scalar(surprise, bounds=TEMPERATURES, method="bounded")
    return replace(model, temperature=float(np.exp(best.x)))
