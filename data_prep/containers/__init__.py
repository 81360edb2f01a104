"""Audio file formats: checking that a file is complete and decoding it, with one module per format."""
