# Installs the build, then configures, builds and tests the outside project against what was installed. Fails on the first error.
function(run what)
    message(STATUS "${what}")
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${what} failed (${result}):\n${output}")
    endif()
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
# A copy, so that no header and no path of the source tree can help.
file(COPY ${SOURCE_DIR}/project/ DESTINATION ${WORK_DIR}/project)
file(COPY ${EXAMPLES_DIR} DESTINATION ${WORK_DIR}/project)
set(flags "")
if(SANITIZE)
    set(flags -fsanitize=${SANITIZE})
endif()

run("install Squall into an empty prefix" ${CMAKE_COMMAND} --install ${BUILD_DIR} --config "${CONFIG}" --prefix ${WORK_DIR}/prefix)
# What is no library and no program.
set(dissector ${WORK_DIR}/prefix/share/squall/wireshark/squall.lua)
if(NOT EXISTS ${dissector})
    message(FATAL_ERROR "Wireshark's dissector was not installed: ${dissector}")
endif()
run("configure a project outside the tree" ${CMAKE_COMMAND} -S ${WORK_DIR}/project -B ${WORK_DIR}/build -G ${GENERATOR}
    -DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_FLAGS=${flags})
run("build it" ${CMAKE_COMMAND} --build ${WORK_DIR}/build)
run("run it" ${CMAKE_CTEST_COMMAND} --test-dir ${WORK_DIR}/build --output-on-failure --no-tests=error)
