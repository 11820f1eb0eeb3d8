"""What every backend must do, sentence by sentence of `gator_nb.backends.base`.

To run it over a store of your own, add a line to `stores.STORES`.
"""
