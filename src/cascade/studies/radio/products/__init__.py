"""Products of the radio study: figures with the tables and numbers behind them.

Each is a function ``(inputs, settings) -> Result``; see ``cascade.plotting.product``. A figure's
job imports its own module alone, as some of the others take a second to import.
"""
