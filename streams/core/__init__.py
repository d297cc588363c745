"""THE THINKING: plain functions over frozen models. No Kafka, clock, chance, environment or network."""
