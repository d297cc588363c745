"""What may be asked of the web, the pure part: addresses, URLs, what is packed."""
