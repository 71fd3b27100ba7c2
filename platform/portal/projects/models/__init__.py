from portal.projects.models.config_var import ConfigVar
from portal.projects.models.crash import Crash
from portal.projects.models.given_up_subdomain import GivenUpSubdomain
from portal.projects.models.project import Project

__all__ = ["ConfigVar", "Crash", "GivenUpSubdomain", "Project"]
