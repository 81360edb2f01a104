"""The application: what a user runs."""
