"""Applications of clubs for operators: what waits, approve, decline; and the mails of the platform."""
