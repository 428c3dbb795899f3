"""The one thing that can go wrong with an embedded server, said in a sentence."""

from deploy.errors import DeployError


class EmbeddedServerError(DeployError):
    """An embedded server could not be prepared, started or stopped."""
