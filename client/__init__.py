"""The demo client: `python client/pipeline_demo.py`."""
