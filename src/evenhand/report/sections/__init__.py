"""The sections of the page: each turns a decision and its records into what one template shows."""
