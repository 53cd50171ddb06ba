"""What each command trains: data, network, settings."""
