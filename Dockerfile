# The platform's image: portal, git server, workers, beat and the spot controller are the same image with different
# commands. `docker build --target spot-agent .` makes the smaller one of the agent on every spot node.
FROM python:3.12-slim-bookworm AS build
RUN pip install --no-cache-dir "uv>=0.8,<1"
WORKDIR /src
# Dependencies first: they change less often than the sources.
COPY pyproject.toml uv.lock README.md ./
COPY cli/pyproject.toml cli/
RUN uv export --frozen --no-dev --no-emit-workspace --format requirements-txt >/requirements.txt \
 && uv pip install --no-cache --prefix /opt/madang -r /requirements.txt
COPY platform platform
COPY deployer deployer
COPY spot spot
COPY localcluster localcluster
RUN uv pip install --no-cache --no-deps --prefix /opt/madang .

FROM build AS build-agent
RUN uv export --frozen --only-group agent --no-emit-workspace --format requirements-txt >/agent.txt \
 && uv pip install --no-cache --compile-bytecode --prefix /opt/agent -r /agent.txt
COPY spot /opt/agent/lib/python3.12/site-packages/spot
RUN python -m compileall -q /opt/agent/lib/python3.12/site-packages/spot

FROM python:3.12-slim-bookworm AS spot-agent
COPY --from=build-agent /opt/agent /usr/local
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
USER 10001:10001
CMD ["python", "-m", "spot", "agent"]

FROM python:3.12-slim-bookworm
RUN apt-get update \
 && apt-get install -y --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --no-create-home --home-dir /tmp madang \
 && install -d -o madang -g madang /repos
COPY --from=build /opt/madang /usr/local
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=portal.settings HOME=/tmp
USER 10001
EXPOSE 8000
CMD ["uvicorn", "portal.asgi:application", "--host=0.0.0.0", "--port=8000"]
