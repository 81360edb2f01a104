"""Shared utilities: exceptions, atomic file writes, hashes of settings, locks, progress display, command lines."""
