"""Comparing: methods and numbers of segments side by side, in one space and on the same customers."""
