"""One module per channel: translates between the port and one provider, and decides nothing."""
