"""Roles of people and systems, and who is behind a request."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do is decided by the role alone.

    ``integration`` is another system: it has an API key, no password and no session.
    """

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    DEPARTMENT = "department"
    INTEGRATION = "integration"


INTEGRATIONS = frozenset({Role.INTEGRATION})
EVERYONE = frozenset(Role) - INTEGRATIONS  # everybody who can log in
STAFF = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR})
OVERSEERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
CASE_WORKERS = frozenset({Role.AGENT, Role.SUPERVISOR})
CASE_STEPPERS = CASE_WORKERS | {Role.DEPARTMENT}
JOINT_HANDLERS = frozenset({Role.SUPERVISOR, Role.DEPARTMENT})
DEPARTMENTS = frozenset({Role.DEPARTMENT})
SUPERVISORS = frozenset({Role.SUPERVISOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
AGENTS = frozenset({Role.AGENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is logged in, or which system asks.

    ``agent`` (工号) and ``extension`` are set for every agent. Both are numbers of ``switchboard``;
    others may have the same. People of a department that handles cases have its id and, as
    ``department``, its code.
    """

    user_id: int
    login: str
    display_name: str
    role: Role
    agent: str | None
    extension: str | None
    switchboard: str
    department_id: int | None = None
    department: str | None = None

    @property
    def oversees(self) -> bool:
        """Sees the calls and seats of everybody."""
        return self.role in OVERSEERS
