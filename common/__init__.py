"""What every room needs and none owns: errors, files that are whole or absent, identities, progress, command lines."""
