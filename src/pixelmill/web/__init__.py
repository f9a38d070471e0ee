"""The orchestrator's HTTP side: the API, pictures on demand, the dashboard and the metrics."""
