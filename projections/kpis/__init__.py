"""KPIs: sets over entity rows, each KPI two of them, counted exactly when read.

- ``definitions``: the formulas, once; everything that shows a KPI reads them from there
- ``sources``: where each kind of entity comes from, now or as of a moment
- ``report``: the queries, and their answers put together by group
"""
