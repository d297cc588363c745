"""How alerts leave: which wait together, when, what silences them, when to try again, where not to go."""
