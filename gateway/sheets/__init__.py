"""Sheets (CSV, XLSX): read with limits, written without formulas, imported, exported."""
