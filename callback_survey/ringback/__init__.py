"""Missed-call ring-back (漏接回拨): who did not get through is called back by an agent."""
