"""What callers and citizens answer by a key, as the switchboard's own records keep it.

Names of the CEL events that the dialplan and the FastAGI scripts write; constant, because a name
made of anything else would be an injection into whatever reads CEL.
"""

RATING_EVENT = "HOTLINE_RATING"
ANSWER_EVENT = "HOTLINE_ANSWER"
