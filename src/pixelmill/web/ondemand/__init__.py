"""Pictures on demand: an address names a pipeline and a source, and whoever opens it gets the picture.

A request on its way: `routes` takes it; `keys` and `orders` read it; `gallery` answers from the `cache` or has the
picture made, once for all who want it at the time (`flights`); `sources` fetches what it is made of.
"""
