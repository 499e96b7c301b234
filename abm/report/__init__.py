"""Reports: one self-contained page per run or comparison, readable without knowing the program.

`abm.report.data` holds what a comparison is, `abm.report.pages` writes the pages.
"""
