"""Everything that speaks to other systems: files, search clusters and stores."""
