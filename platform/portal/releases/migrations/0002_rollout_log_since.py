from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("releases", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="rollout",
            name="log_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
