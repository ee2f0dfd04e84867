"""`vedette doctor`: is all well with the cluster, the sources, the rules and the store?

Each check is a small function in a file of `checks/`, registered by `registry.check`.
"""
