"""The rules of ringing back, as set."""

from datetime import timedelta

from callback_survey.ringback.policy import Policy
from gateway.settings import Settings


def ringback_policy(settings: Settings) -> Policy:
    """The rules of ringing back, as set for one switchboard."""
    return Policy(
        greeting=settings.ringback_greeting,
        short_abandons=settings.ringback_short_abandons,
        short_abandon_s=settings.short_abandon_s,
        open_for=timedelta(hours=settings.ringback_open_hours),
        max_attempts=settings.ringback_attempts,
        spacing=timedelta(seconds=settings.ringback_spacing_s),
        opens=settings.ringback_opens,
        closes=settings.ringback_closes,
        min_digits=settings.outside_min_digits,
    )


def policy_at(settings: Settings, switchboard: str) -> Policy:
    """The rules at one of several switchboards; a number is as long as its dialplan wants it."""
    each = {one.switchboard: one for one in settings.of_each()}
    return ringback_policy(each.get(switchboard, settings))
