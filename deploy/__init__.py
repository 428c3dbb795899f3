"""Deploy: switchboard configuration, migrations and the embedded servers of `make run`."""
