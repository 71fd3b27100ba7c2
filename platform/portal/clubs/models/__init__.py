from portal.clubs.models.budget_request import BUDGET_REQUEST_STATES, BudgetRequest, BudgetRequestState
from portal.clubs.models.club import Club
from portal.clubs.models.club_removal import ClubRemoval
from portal.clubs.models.invitation import Invitation
from portal.clubs.models.membership import Membership
from portal.clubs.models.suspension import Suspension

__all__ = [
    "BUDGET_REQUEST_STATES",
    "BudgetRequest",
    "BudgetRequestState",
    "Club",
    "ClubRemoval",
    "Invitation",
    "Membership",
    "Suspension",
]
