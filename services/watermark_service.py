"""A watermark worker on port 50054, or $PORT; SERVICE_NAME is its name: `python services/watermark_service.py`."""

from pixelmill.fleet.worker import main

if __name__ == "__main__":
    main("watermark")
