# flashbid_embed(target PATH FILE [PATH FILE]...): makes each FILE part of the target under PATH.
# The target then defines flashbid::embedded::find() of src/base/embedded.hpp.
function(flashbid_embed target)
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${target}_embedded.cpp")
  set(inputs "")
  set(odd TRUE)
  foreach(word ${ARGN})
    if(odd)
      set(odd FALSE)
    else()
      list(APPEND inputs "${word}")
      set(odd TRUE)
    endif()
  endforeach()
  add_custom_command(OUTPUT "${out}"
    COMMAND "${FLASHBID_PYTHON}" -B "${CMAKE_SOURCE_DIR}/cmake/embed.py" "${out}" ${ARGN}
    DEPENDS ${inputs} "${CMAKE_SOURCE_DIR}/cmake/embed.py"
    COMMENT "Embedding files into ${target}" VERBATIM)
  target_sources(${target} PRIVATE "${out}")
endfunction()

# flashbid_embed_lua(target folder NAME...): makes the text of each folder/NAME.lua part of the target
# (src/engine/redis/lua_sources.hpp).
function(flashbid_embed_lua target folder)
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${target}_lua.cpp")
  list(TRANSFORM ARGN PREPEND "${folder}/" OUTPUT_VARIABLE inputs)
  list(TRANSFORM inputs APPEND ".lua")
  add_custom_command(OUTPUT "${out}"
    COMMAND "${FLASHBID_PYTHON}" -B "${CMAKE_SOURCE_DIR}/cmake/embed_lua.py" "${out}" ${inputs}
    DEPENDS ${inputs} "${CMAKE_SOURCE_DIR}/cmake/embed.py" "${CMAKE_SOURCE_DIR}/cmake/embed_lua.py"
    COMMENT "Embedding Lua into ${target}" VERBATIM)
  target_sources(${target} PRIVATE "${out}")
endfunction()

# flashbid_api_document(yaml json): one API document as the server shows it.
function(flashbid_api_document yaml json)
  add_custom_command(OUTPUT "${json}"
    COMMAND "${FLASHBID_PYTHON}" -B "${CMAKE_SOURCE_DIR}/cmake/api_document.py" "${yaml}" "${json}" "${PROJECT_VERSION}"
    DEPENDS "${yaml}" "${CMAKE_SOURCE_DIR}/docs/api/openapi.yaml" "${CMAKE_SOURCE_DIR}/cmake/api_document.py"
    COMMENT "Converting ${yaml}" VERBATIM)
endfunction()

# Debian's own, which has python3-yaml; another python3 may stand before it on the PATH.
find_program(FLASHBID_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
