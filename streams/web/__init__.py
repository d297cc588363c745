"""web: the one door to the web: names looked up once, addresses checked, answers bounded."""
