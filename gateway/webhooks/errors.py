"""Errors of webhooks. Messages are shown to people as they stand, in Chinese."""

from gateway.errors import GatewayError


class WebhookError(GatewayError):
    """Root of what can be wrong with a webhook."""


class UrlRefusedError(WebhookError):
    """Nothing is sent to such an address."""


class SecretInvalidError(WebhookError):
    """Not a secret that can be used for signing."""


class AddressRefusedError(OSError):
    """A name stands for addresses that nothing is sent to; the message names none of them."""
