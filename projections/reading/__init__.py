"""What readers are answered: the port, and its implementation over both stores."""
