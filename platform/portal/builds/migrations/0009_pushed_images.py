import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("builds", "0008_sizes_of_logs"),
        ("clubs", "0005_suspension"),
    ]

    operations = [
        migrations.CreateModel(
            name="PushedImage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("image", models.JSONField()),
                ("cache", models.JSONField()),
                ("pushed_at", models.DateTimeField(auto_now_add=True)),
                (
                    "build",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="pushed_image",
                        to="builds.build",
                    ),
                ),
                (
                    "club",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pushed_images",
                        to="clubs.club",
                    ),
                ),
            ],
        ),
    ]
