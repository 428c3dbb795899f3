"""Bulk import of departments, categories and cases: what a sheet may hold, checks, applying."""
