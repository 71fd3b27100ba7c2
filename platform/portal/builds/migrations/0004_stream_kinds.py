from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("builds", "0003_fair_queue"),
    ]

    operations = [
        migrations.AlterField(
            model_name="logstream",
            name="kind",
            field=models.CharField(
                choices=[
                    ("push", "Push"),
                    ("rollback", "Rollback"),
                    ("config", "Config"),
                    ("redeploy", "Redeploy"),
                    ("restart", "Restart"),
                    ("scale", "Scale"),
                    ("address", "Address"),
                ],
                max_length=16,
            ),
        ),
    ]
