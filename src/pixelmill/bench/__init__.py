"""How fast it is here: load on a fleet or on the bare engine, and what that takes of each instance."""
