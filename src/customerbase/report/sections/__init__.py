"""Sections of the report: one file for each subject, and the registry of all."""

from customerbase.report.sections.registry import NOT_MADE, SECTIONS, MadeSection, Section, make_section, make_sections

__all__ = ["NOT_MADE", "SECTIONS", "MadeSection", "Section", "make_section", "make_sections"]
