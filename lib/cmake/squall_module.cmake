# What every target of Squall shares, and how a module becomes a library.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# Options of our own code. Never exported: who links Squall chooses their own warnings.
add_library(squall_flags INTERFACE)
# Floating point must give the same result on both compilers: never contracted, never -ffast-math.
target_compile_options(squall_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
                                              -Wnon-virtual-dtor -Wold-style-cast -ffp-contract=off)
if(SQUALL_SANITIZE)
    target_compile_options(squall_flags INTERFACE -fsanitize=${SQUALL_SANITIZE} -fno-omit-frame-pointer
                                                  -fno-sanitize-recover=all)
    target_link_options(squall_flags INTERFACE -fsanitize=${SQUALL_SANITIZE})
endif()
if(SQUALL_BUILD_FUZZ AND NOT SQUALL_FUZZ_WITHOUT_COVERAGE)
    # What libFuzzer watches. The tests are of the same build, but their own sources need no watching.
    target_compile_options(squall_flags INTERFACE $<$<NOT:$<BOOL:$<TARGET_PROPERTY:SQUALL_TEST>>>:-fsanitize=fuzzer-no-link>)
endif()

# The public headers of a module, FOLDER/squall/NAME/**.hpp: a set of its target, so that install() knows them, and so that
# each is compiled alone (target all_verify_interface_header_sets, when CMAKE_VERIFY_INTERFACE_HEADER_SETS is on).
function(squall_public_headers target folder)
    string(REGEX REPLACE "^squall_" "" name ${target})
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${folder}/squall/${name}/*.hpp)
    target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${folder} FILES ${headers})
endfunction()

# squall_module(NAME
#     DEPENDS other modules...             their headers may be included by ours: public
#     PUBLIC_LIBRARIES external targets... seen in our headers
#     LIBRARIES external targets...)       used by our sources only
# One static library squall::NAME from src/NAME/*.cpp, with the public headers in include/squall/NAME. It is installed
# with the package by lib/cmake/install.cmake.
function(squall_module name)
    cmake_parse_arguments(arg "" "" "DEPENDS;LIBRARIES;PUBLIC_LIBRARIES" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/${name}/*.cpp)
    add_library(squall_${name} STATIC ${sources})
    add_library(squall::${name} ALIAS squall_${name})
    set_target_properties(squall_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
    target_compile_features(squall_${name} PUBLIC cxx_std_23)
    squall_public_headers(squall_${name} ${CMAKE_CURRENT_SOURCE_DIR}/include)
    target_include_directories(squall_${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
    foreach(dependency IN LISTS arg_DEPENDS)
        target_link_libraries(squall_${name} PUBLIC squall_${dependency})
    endforeach()
    target_link_libraries(squall_${name} PUBLIC ${arg_PUBLIC_LIBRARIES} PRIVATE ${arg_LIBRARIES} $<BUILD_INTERFACE:squall_flags>)
    set_property(GLOBAL APPEND PROPERTY SQUALL_MODULES squall_${name})
endfunction()
