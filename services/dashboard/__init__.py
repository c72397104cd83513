"""The plain page: campaigns and their KPIs, for people with a browser and an API key."""

from services.dashboard.page import router

__all__ = ["router"]
