"""Messages pushed to senders: signed, in order, again until they are taken."""
