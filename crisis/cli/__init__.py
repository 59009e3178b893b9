"""The command line. It asks the domain and shows the answer; it decides nothing."""
