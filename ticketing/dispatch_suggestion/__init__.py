"""Dispatch suggestion (智能派单, C12): category and department proposed from what a case says."""
