"""The orchestrator on port 50055, or $PORT; *_SERVICE_HOSTS name its workers: `python services/orchestrator_service.py`."""

from pixelmill.orchestrator import main

if __name__ == "__main__":
    main()
