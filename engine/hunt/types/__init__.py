"""One type of hunt a file; each sets `TYPE` to its class."""
