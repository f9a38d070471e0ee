"""A filter worker on port 50053, or $PORT; SERVICE_NAME is its name: `python services/filter_service.py`."""

from pixelmill.fleet.worker import main

if __name__ == "__main__":
    main("filter")
