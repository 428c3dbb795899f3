"""Every failure of this package is one sentence that a person can act on."""


class DeployError(Exception):
    """Root of all errors raised by :mod:`deploy`."""


class MissingRightError(DeployError):
    """The operating system does not let this user do what is needed."""


class MissingToolError(DeployError):
    """A program of the operating system is absent and cannot be installed from here."""


class DownloadError(DeployError):
    """Something that has to be fetched could not be fetched."""


class BuildError(DeployError):
    """The browser pages are not built, and their sources do not build."""


class ConfigurationError(DeployError):
    """A setting cannot be rendered safely into the switchboard's configuration."""


class SwitchboardError(DeployError):
    """The switchboard did not start, did not answer or did not stop."""
