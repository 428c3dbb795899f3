"""The schema of the database, revision by revision, as SQL files that Alembic runs."""
