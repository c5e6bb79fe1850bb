"""Sections of the report: one file for each subject, and the registry of all."""

from customerbase.report.sections.registry import SECTIONS, MadeSection, Section, make_section, make_sections

__all__ = ["SECTIONS", "MadeSection", "Section", "make_section", "make_sections"]
