# One image for every process of the service; compose.yaml says which one a container runs.
FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements.lock requirements-dev.lock ./
RUN python -m venv /opt/crisis && /opt/crisis/bin/pip install --require-hashes -r requirements.lock
# The build backend comes from the developers' lock file, in an environment that stays behind.
RUN python -m venv /opt/build && /opt/build/bin/pip install --require-hashes -r requirements-dev.lock
COPY package.json package-lock.json .npmrc ./
RUN PATH=/opt/build/bin:$PATH npm ci --omit=dev
COPY pyproject.toml README.md LICENSE ./
COPY crisis crisis
COPY adapters adapters
COPY api api
COPY templates templates
COPY playbooks playbooks
RUN /opt/build/bin/python -m hatchling build -t wheel -d /dist && /opt/crisis/bin/pip install --no-deps --no-index /dist/*.whl

FROM python:3.13-slim
ENV PATH=/opt/crisis/bin:$PATH PYTHONUNBUFFERED=1 CRISIS_HOME=/var/lib/crisis
RUN useradd --system --uid 10001 --home-dir /var/lib/crisis --shell /usr/sbin/nologin crisis \
    && install -d -o crisis -g crisis -m 0755 /var/lib/crisis /var/lib/crisis/public /var/lib/crisis/exercise \
    && install -d -o crisis -g crisis -m 0700 /var/lib/crisis/uploads
COPY --from=build /opt/crisis /opt/crisis
USER crisis
WORKDIR /var/lib/crisis
EXPOSE 8000
# The API's; the other processes have their own in compose.yaml.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["crisis", "api", "--host", "0.0.0.0", "--port", "8000"]
