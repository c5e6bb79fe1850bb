"""Databases that are read where they are: what names one, and the connection to a server."""
