"""The scripts of the hotline: entry, rating after the call, survey of a closed case.

They are built by functions that take what they need (plans, questions, stores) and return the
`telephony.agi.session.Script` for the server.
"""
