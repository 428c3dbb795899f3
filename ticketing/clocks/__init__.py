"""Clocks of cases (时限): working calendar, deadlines, lights, reminders, supervision."""
