"""Ten acoustic scenes made of synthesised sources, as they might sound in ten cities."""
