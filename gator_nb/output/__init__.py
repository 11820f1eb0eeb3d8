"""What tasks print and show, on its way to their logs."""
