"""Everything that acts on the seats and calls of one switchboard, put together."""

import asyncio
from collections.abc import Iterable, Mapping

from gateway.call_desk import CallDesk
from gateway.commands import CommandName, Handler
from gateway.other_phones import OtherPhones
from gateway.ownership import Ownership
from gateway.seat_desk import Member, SeatDesk, Turns
from gateway.settings import Settings
from gateway.wrap_up_desk import WrapUpDesk
from telephony.events import Event
from telephony.link import Link


class Desks:
    """The desks share ``link`` and, seat by seat, take turns."""

    def __init__(self, settings: Settings, link: Link, ownership: Ownership) -> None:
        turns = Turns()
        self.calls = CallDesk(
            link,
            link.tracker,
            queues=settings.queues,
            caller_id=settings.survey_caller_id,
            outside_min_digits=settings.outside_min_digits,
        )
        self._seats = SeatDesk(link, settings.queues, turns)
        self._wrap_ups = WrapUpDesk(
            link,
            turns,
            prolong_s=settings.wrap_up_prolong_s,
            longest_s=settings.wrap_up_longest_s,
            is_owner=lambda: ownership.is_held,
        )
        self._other_phones = OtherPhones(link, turns, is_owner=lambda: ownership.is_held)

    @property
    def handlers(self) -> Mapping[CommandName, Handler]:
        """Who carries out which command."""
        return {**self._seats.handlers, **self._wrap_ups.handlers, **self.calls.handlers}

    def see(self, event: Event) -> None:
        """Something happened to a seat or a call; never blocks."""
        self._other_phones.see(event)
        self._wrap_ups.see(event)

    def forsaken(self, members: Iterable[Member]) -> None:
        """A snapshot found these in a wrap-up that nobody ends any more."""
        self._wrap_ups.forsaken(members)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._wrap_ups.run())
            tasks.create_task(self._other_phones.run())
