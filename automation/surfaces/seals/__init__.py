"""Digital seals on PDF files that a site exports: made, read and judged; the library is imported when it is needed."""
