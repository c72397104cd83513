"""What a processor concluded: derivable again at any time. One file per subject."""
