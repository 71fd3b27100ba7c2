"""Who acts: users, access keys, principals, and the audit log."""
