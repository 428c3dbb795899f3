"""The newest model of the dispatch suggestion in this process, and what it proposes (C12).

Loaded when it is first asked for, and again when a newer one is stored; numpy comes with it.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from ticketing.case import Named
from ticketing.dispatch_suggestion import store
from ticketing.dispatch_suggestion.errors import ModelInvalidError
from ticketing.dispatch_suggestion.features import CaseText

if TYPE_CHECKING:
    from ticketing.dispatch_suggestion.model import CategoryProposal, DepartmentProposal, Model

SHOWN = 3

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CategoryAdvice:
    """A category that cases can be of, and the words of the case that speak most for it."""

    category_id: int
    category: Named
    confidence: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DepartmentAdvice:
    """A department that cases can be dispatched to: it got ``cases`` of ``of`` comparable ones.

    Those of the likeliest category in ``area``; empty: anywhere.
    """

    department_id: int
    department: Named
    confidence: float
    area: str
    cases: int
    of: int


@dataclass(frozen=True, slots=True)
class Advice:
    """What is proposed, the most likely first."""

    model_id: int
    categories: tuple[CategoryAdvice, ...]
    departments: tuple[DepartmentAdvice, ...]


class Adviser:
    """Holds the newest model of this process."""

    def __init__(self) -> None:
        self._loading = asyncio.Lock()
        self._model_id: int | None = None
        self._model: Model | None = None

    async def advise(
        self, connection: Any, text: CaseText, category_id: int | None = None
    ) -> Advice | None:
        """What the newest model proposes; ``None`` when there is none that can be used.

        With ``category_id`` departments are proposed for that category.
        """
        model_id = await store.newest_model_id(connection)
        if model_id is None:
            return None
        async with self._loading:
            if model_id != self._model_id:
                self._model = await _load(connection, model_id)
                self._model_id = model_id
        if self._model is None:
            return None
        categories, departments = self._model.propose(text, category_id)
        return Advice(
            model_id,
            await _usable_categories(connection, self._model, text, categories),
            await _usable_departments(connection, departments),
        )


async def _load(connection: Any, model_id: int) -> "Model | None":
    # Imported when the first model is loaded: numpy slows the start of roles that load none.
    from ticketing.dispatch_suggestion.model import Model  # noqa: PLC0415

    try:
        content = await store.content_of(connection, model_id)
        return await asyncio.to_thread(Model.from_bytes, content)
    except ModelInvalidError as error:
        log.warning("suggestion_model_refused", error=str(error))
        return None


async def _usable_categories(
    connection: Any, model: "Model", text: CaseText, proposed: "list[CategoryProposal]"
) -> tuple[CategoryAdvice, ...]:
    known = await store.usable_categories(connection, [each.category_id for each in proposed])
    usable = [each for each in proposed if each.category_id in known][:SHOWN]
    return tuple(
        CategoryAdvice(
            each.category_id,
            known[each.category_id],
            each.confidence,
            model.explain(text, each.category_id),
        )
        for each in usable
    )


async def _usable_departments(
    connection: Any, proposed: "list[DepartmentProposal]"
) -> tuple[DepartmentAdvice, ...]:
    known = await store.usable_departments(connection, [each.department_id for each in proposed])
    usable = [each for each in proposed if each.department_id in known][:SHOWN]
    return tuple(
        DepartmentAdvice(
            each.department_id,
            known[each.department_id],
            each.confidence,
            each.area,
            each.cases,
            each.of,
        )
        for each in usable
    )
