# Runs token_server and token_client against each other, the server's output being the client's input; with OPENSSL over
# https, by a certificate made for it. Fails if either does not exit with 0.
set(files "")
set(authorities "")
if(OPENSSL)
    set(files ${WORK_DIR}/pair.crt ${WORK_DIR}/pair.key)
    set(authorities ${WORK_DIR}/pair.crt)
    execute_process(COMMAND ${OPENSSL} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost
                            -addext subjectAltName=DNS:localhost -out ${WORK_DIR}/pair.crt -keyout ${WORK_DIR}/pair.key
                    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "openssl makes no certificate (${result}):\n${output}")
    endif()
endif()
execute_process(COMMAND ${SERVER} ${files} COMMAND ${CLIENT} - ${authorities}
                RESULTS_VARIABLE results OUTPUT_VARIABLE output ERROR_VARIABLE output TIMEOUT 60)
message(STATUS "${output}")
if(NOT results STREQUAL "0;0")
    message(FATAL_ERROR "the server and the client ended with ${results}; both must end with 0")
endif()
