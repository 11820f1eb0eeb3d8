"""The dashboard: a page that shows a store's tasks, live, and cancels them.

It shares nothing with those who push and run but the store. `state` holds what a session sees,
without Panel; `views` draw it; `app` puts them on a page; `server` serves that.
"""
