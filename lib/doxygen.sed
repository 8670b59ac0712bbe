# Makes plain comments into documentation for doxygen (sed -E -f): a comment before a declaration, or behind it on its line, is
# its documentation; the first one of a file is the file's. Lines of dashes divide a file and document nothing.
/^ *\/\/ ---/b
s#^( *)//( |$)#\1///\2#
s#^( *[^ /].*[;,{}]) +// #\1 ///< #
# What doxygen or HTML would read as a command.
/\/\/\//{
s#///<#\x01#
h
s#^[^\x01]*(\x01|///)##
s#([@<>\\&])#\\\1#g
x
s#^([^\x01]*(\x01|///)).*$#\1#
G
s#\n##
s#\x01#///<#
}
1s#^/// #/// @file\n/// #
