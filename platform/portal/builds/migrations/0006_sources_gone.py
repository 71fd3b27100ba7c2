from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def forget(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Up to now a source was removed an hour after its build, and no row says so."""
    builds = apps.get_model("builds", "Build").objects
    builds.exclude(state__in=["queued", "running"]).update(source_kept=False)


class Migration(migrations.Migration):
    dependencies = [
        ("builds", "0005_built_again"),
    ]

    operations = [
        migrations.RunPython(forget, migrations.RunPython.noop),
    ]
