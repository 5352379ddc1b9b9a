"""How a network works and which part of the data decides."""
