from portal.accounts.models.access_key import AccessKey
from portal.accounts.models.audit_entry import AuditEntry
from portal.accounts.models.one_time_link import OneTimeLink
from portal.accounts.models.shown_once import ShownOnce
from portal.accounts.models.user import User

__all__ = ["AccessKey", "AuditEntry", "OneTimeLink", "ShownOnce", "User"]
