# For doxygen (sed -E -f): links to the pages of source folders, which the API reference does not hold, become plain text.
s#\[([^]]*)\]\([^)]*src/[^)]*README\.md\)#\1#g
