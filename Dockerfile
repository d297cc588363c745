# Communiqué in a container: built from the lock with hashes, run as a user without rights.
FROM python:3.11-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends g++ pkg-config libicu-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
RUN python -m venv /opt/communique && /opt/communique/bin/pip install --no-cache-dir "pip>=25,<27"
COPY requirements.lock .
RUN /opt/communique/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY streams streams
RUN /opt/communique/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN apt-get update \
 && apt-get install -y --no-install-recommends libicu72 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /state --shell /usr/sbin/nologin communique \
 && install -d -o communique -g communique /state
COPY --from=build /opt/communique /opt/communique
ENV PATH=/opt/communique/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    COMMUNIQUE_STATE=/state
USER 10001
WORKDIR /state
VOLUME /state
STOPSIGNAL SIGTERM
ENTRYPOINT ["communique"]
CMD ["--help"]
