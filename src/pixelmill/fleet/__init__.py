"""The fleet: gRPC workers, the orchestrator that spreads work over them, and a client."""
