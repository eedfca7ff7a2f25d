"""What goes out of a site and comes into it in standard forms: written from the objects, read back as commands."""
