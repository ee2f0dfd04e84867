"""Who does what with whom, as graphs: edges that are new or rare, and structure that changed."""
