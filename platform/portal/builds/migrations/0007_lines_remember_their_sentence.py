from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("builds", "0006_sources_gone"),
    ]

    operations = [
        migrations.AddField("logentry", "said", models.JSONField(null=True)),
    ]
