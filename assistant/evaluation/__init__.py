"""How good the answers are: formulas in ``metrics``, asking and counting in ``runner``."""
