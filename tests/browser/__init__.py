"""Tests in a real browser: a package, as they share a browser and a fleet."""
