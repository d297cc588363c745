"""THE LANGUAGE: every event of Communiqué, as pydantic models. Imports pydantic and the standard library."""
