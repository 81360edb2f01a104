"""Audio files whose own bytes tell whether they are whole: one module for each kind of container."""
