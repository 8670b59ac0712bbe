// Stands in while a module has only headers.
