"""Read-only views through derived tables: batch record, trails, genealogy, worklists."""
