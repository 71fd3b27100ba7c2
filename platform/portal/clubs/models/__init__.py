from portal.clubs.models.club import Club
from portal.clubs.models.membership import Membership

__all__ = ["Club", "Membership"]
