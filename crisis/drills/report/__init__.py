"""The report of a drill or of a real crisis: one document, which a page and a PDF show alike. Nobody has to write it."""
