"""Pages in the browser, served on this machine: the review of mined photos."""
