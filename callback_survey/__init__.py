"""Callback survey (回访): attempts to ask citizens about closed cases, and their answers."""
