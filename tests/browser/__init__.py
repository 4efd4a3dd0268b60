"""What only a browser can tell: where text really stands."""
