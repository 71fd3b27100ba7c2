"""`/admin`: Django's admin for rare repairs, by operators; what an action does is only shown here."""
