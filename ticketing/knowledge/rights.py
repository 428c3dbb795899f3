"""Who may do what with an article."""

from dataclasses import dataclass
from typing import Any

from ticketing.case import Actor, ActorRole
from ticketing.departments import with_all_below
from ticketing.knowledge.article import Article, Version
from ticketing.knowledge.lifecycle import ONCE_PUBLISHED, Hand

_APPROVERS = frozenset({ActorRole.SUPERVISOR, ActorRole.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Rights:
    """What an actor may do; ``departments`` are the ids of his own and those below, if any."""

    approves: bool
    departments: frozenset[int]

    def writes_for(self, department_id: int) -> bool:
        """Whether the articles of that department are his to write."""
        return self.approves or department_id in self.departments

    def hands(self, version: Version) -> frozenset[Hand]:
        """What he is to a version."""
        writer = {Hand.WRITER} if self.writes_for(version.department_id) else set()
        return frozenset(writer | ({Hand.APPROVER} if self.approves else set()))

    def may_write(self, article: Article) -> bool:
        """Whether an article is his to write: its newest version is."""
        return self.writes_for(article.versions[0].department_id)

    def sees(self, version: Version) -> bool:
        """Whether a version is his to read."""
        return version.state in ONCE_PUBLISHED or self.writes_for(version.department_id)


async def rights_of(conn: Any, actor: Actor) -> Rights:
    """The rights of somebody."""
    if actor.role in _APPROVERS:
        return Rights(approves=True, departments=frozenset())
    if actor.department_id is None:
        return Rights(approves=False, departments=frozenset())
    return Rights(False, frozenset(await with_all_below(conn, actor.department_id)))
