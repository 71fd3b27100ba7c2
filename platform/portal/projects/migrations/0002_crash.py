import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Crash",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("release", models.IntegerField()),
                ("pod", models.CharField(max_length=253)),
                ("pod_uid", models.CharField(max_length=64)),
                ("restarts", models.IntegerField()),
                ("at", models.DateTimeField()),
                ("exit_code", models.IntegerField()),
                ("reason", models.CharField(max_length=64)),
                ("log", models.TextField()),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="crashes",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["project", "-at"], name="crashes_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("pod_uid", "restarts"), name="one_row_an_end")
                ],
            },
        ),
    ]
