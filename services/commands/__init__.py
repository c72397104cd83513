"""What people may decide: pure decisions on documents, carried to the gate by one commander."""
