"""A resize worker on port 50052, or $PORT; SERVICE_NAME is its name: `python services/resize_service.py`."""

from pixelmill.fleet.worker import main

if __name__ == "__main__":
    main("resize")
