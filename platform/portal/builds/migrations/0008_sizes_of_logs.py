from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("builds", "0007_lines_remember_their_sentence"),
    ]

    operations = [
        migrations.AddField(
            model_name="logstream",
            name="characters",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
