"""What a user or a policy decided, in streams, accepted by the gate. One file per subject."""
