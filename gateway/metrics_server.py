"""``/metrics`` on a port of its own, for Prometheus: internal, without a login."""



