"""BatchML: the record of a batch as ISA-88 production information in XML, beside our own record which proves it."""
