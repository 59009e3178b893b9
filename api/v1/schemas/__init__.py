"""What goes in and comes out as JSON, one module per noun. Names are the domain's own."""
