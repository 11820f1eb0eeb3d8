"""A person at a real JupyterLab, in a real Chromium."""
