"""The user's own segments: named conditions on features, read from a small file and evaluated in the engine."""
