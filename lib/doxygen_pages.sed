# For doxygen (sed -E -f): links to the pages of folders, which the API reference does not hold, become plain text.
s#\[([^]]*)\]\([^)]*/README\.md(\#[^)]*)?\)#\1#g
