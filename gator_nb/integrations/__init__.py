"""How other libraries run their work on a queue; each file loads its library, and only itself."""
