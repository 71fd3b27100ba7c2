from portal.signups.models.signup_request import SIGNUP_STATES, SignupRequest, SignupState, Size

__all__ = ["SIGNUP_STATES", "SignupRequest", "SignupState", "Size"]
