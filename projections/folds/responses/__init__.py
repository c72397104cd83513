"""Campaign responses: what promotes an interaction, what people decided about it, what follows."""
