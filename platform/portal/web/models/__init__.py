from portal.web.models.sent_form import SentForm

__all__ = ["SentForm"]
