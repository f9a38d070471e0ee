# One image for every service of the fleet; the command says which one runs.
ARG PYTHON_IMAGE=python:3.11-slim

# The dependencies as a list of their own: any other change of pyproject.toml leaves the layers below as they are.
# PIXELMILL_EXTRAS names what else is installed, by commas: otel, heic, jxl, s3 and others of pyproject.toml.
FROM ${PYTHON_IMAGE} AS requirements
ARG PIXELMILL_EXTRAS=otel
COPY pyproject.toml scripts/requirements.py ./
RUN python requirements.py "$PIXELMILL_EXTRAS" > /requirements.txt

FROM ${PYTHON_IMAGE} AS dependencies
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PIP_PYTHON=/opt/pixelmill/bin/python
WORKDIR /build
COPY constraints.txt ./
COPY --from=requirements /requirements.txt ./
RUN python -m venv --without-pip /opt/pixelmill \
 && pip install --constraint constraints.txt --requirement requirements.txt \
 && find /opt/pixelmill -type d -name tests -prune -exec rm -rf {} +

# The package alone, in a tree that is laid over the one above: a change of code makes one small new layer.
FROM dependencies AS package
RUN pip install --constraint constraints.txt setuptools
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN pip install --no-deps --no-build-isolation --prefix /overlay .

FROM ${PYTHON_IMAGE}
COPY --from=dependencies /opt/pixelmill /opt/pixelmill
COPY --from=package /overlay /opt/pixelmill
WORKDIR /app
COPY services ./services
ENV PATH=/opt/pixelmill/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 GRPC_VERBOSITY=ERROR
# Imports everything once: fails the build where a library is missing, and leaves the standard library's bytecode behind,
# which slim images lack and a read-only file system could not keep.
RUN python -c "import pixelmill.cli, pixelmill.fleet.health, pixelmill.fleet.worker, pixelmill.orchestrator, pixelmill.web.server"
ENV PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
CMD ["pixelmill", "--help"]
