"""THE LANGUAGE: every event of Communiqué, as pydantic models. Imports nothing but pydantic and the standard library."""
