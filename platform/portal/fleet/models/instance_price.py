from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models


class InstancePrice(models.Model):
    """What an hour of an instance type costs, as an operator wrote it down."""

    instance_type = models.CharField(max_length=63, unique=True)
    spot = models.DecimalField(max_digits=12, decimal_places=5, validators=[MinValueValidator(0)])
    on_demand = models.DecimalField(max_digits=12, decimal_places=5, validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["instance_type"]

    def __str__(self) -> str:
        return f"{self.instance_type}: {self.spot} spot, {self.on_demand} on-demand ({self.currency}/h)"
