"""HTTP and WebSocket surface: `/api/v1`, `/ws`, health and the pages.

A request passes `middleware` (log, errors, forgery check), then its `Endpoint` (who may, what is
well-formed), then the function of its topic (`…_api`).
"""
