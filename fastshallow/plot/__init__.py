"""Pictures of networks and of their training, drawn by matplotlib."""
