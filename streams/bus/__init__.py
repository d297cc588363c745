"""THE PLUMBING: the only room that knows the insides of Faust and Kafka."""
