"""Where read models lie: a port for columns and one for rows, with their backends beside them."""
