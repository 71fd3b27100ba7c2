"""PostgreSQL and Redis from Debian's packages, as users with the ids that Docker Hub's images have."""

from localcluster.images.debian import FILES, debian, with_script
from localcluster.images.ingredients import Ingredients
from localcluster.images.oci import Image

USER = 999
"""uid and gid of both; a volume's folder must belong to it."""

# The package would make a database of its own, and a key that every copy of the image shares. PostgreSQL does
# without its just-in-time compiler when that is not there; LLVM is two thirds of the package.
_POSTGRES = f"""
groupadd --gid {USER} postgres
useradd --uid {USER} --gid postgres --home-dir /var/lib/postgresql --no-create-home postgres
install postgresql-common
echo 'create_main_cluster = false' >>/etc/postgresql-common/createcluster.conf
install postgresql-15
rm -rf /etc/ssl/private/ssl-cert-snakeoil.key /etc/ssl/certs/ssl-cert-snakeoil.pem
rm -rf /usr/lib/postgresql/15/lib/llvmjit* /usr/lib/postgresql/15/lib/bitcode /usr/lib/*/libLLVM*
"""
_REDIS = f"""
groupadd --gid {USER} redis
useradd --uid {USER} --gid redis --home-dir /data --no-create-home redis
install redis-server
"""


def postgres(made_from: Ingredients) -> Image:
    """Serves the database `madang` of the role `madang`, made at the first start in PGDATA (/data/pg)."""
    image = with_script(made_from.store, debian(made_from.store), _POSTGRES)
    start = FILES / "postgres/start-postgres"
    return image.with_layer(
        made_from.folders(data=USER, run_postgresql=USER),
        made_from.executables("/usr/local/bin", {start.name: start}),
    ).with_config(
        Entrypoint=["start-postgres"],
        Cmd=[],
        Env=[
            "PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin",
            "PGDATA=/data/pg",
            "LANG=C.UTF-8",
        ],
        User=f"{USER}:{USER}",
        ExposedPorts={"5432/tcp": {}},
        StopSignal="SIGINT",  # ends sessions at once; SIGTERM would wait for every client to leave
    )


def redis(made_from: Ingredients) -> Image:
    """Asks for REDIS_PASSWORD; keeps an append-only file in /data if that can be written to."""
    image = with_script(made_from.store, debian(made_from.store), _REDIS)
    start = FILES / "redis/start-redis"
    return image.with_layer(
        made_from.folders(data=USER), made_from.executables("/usr/local/bin", {start.name: start})
    ).with_config(
        Entrypoint=["start-redis"],
        Cmd=[],
        User=f"{USER}:{USER}",
        ExposedPorts={"6379/tcp": {}},
    )
