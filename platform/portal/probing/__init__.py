"""Whether each live project's address answers, asked as a visitor would."""
