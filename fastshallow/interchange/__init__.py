"""Networks that come from other libraries and formats, and go there."""
