"""A format worker on port 50056, or $PORT; SERVICE_NAME is its name: `python services/format_service.py`."""

from pixelmill.fleet.worker import main

if __name__ == "__main__":
    main("format")
