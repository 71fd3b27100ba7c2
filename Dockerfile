# The platform's image: portal, git server, workers, beat and the spot controller are the same image with different
# commands. `docker build --target spot-agent .` makes the smaller one of the agent on every spot node.
# The pages' style sheet, scripts and words.
FROM node:22-bookworm-slim AS page
WORKDIR /src/platform/portal/web/assets
COPY platform/portal/web/assets/package.json platform/portal/web/assets/package-lock.json platform/portal/web/assets/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY platform/portal /src/platform/portal
RUN npm run build -- /made

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
COPY --from=page /made /opt/madang/share/madang
# The guides, which the pages show at /help.
COPY docs/*.md /opt/madang/share/madang/docs/

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
# The folder says that files are served from there, by names with their digests.
RUN mkdir -p /usr/local/share/madang/static \
 && MADANG_SECRET_KEY="only while the image is made" django-admin collectstatic --noinput --verbosity 0
USER 10001
EXPOSE 8000
CMD ["uvicorn", "portal.asgi:application", "--host=0.0.0.0", "--port=8000"]
