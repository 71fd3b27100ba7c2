"""Projects: a repository, a web service, a subdomain, and its config."""
