"""Show that two clones of a commit give the same bytes, and another CPU the same scores within tolerances.

No part of the `hbir` command: it asks for a clone with its history, and works on clones of that, never on the
folder that a user works in.
"""
