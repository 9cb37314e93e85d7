"""What to ask for, and the asking: plan, reader, what a service turned out to be, raw pages."""
