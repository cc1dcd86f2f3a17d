# flashbid_embed(target [FOLDER folder STAMP file] [PATH FILE]...): makes each FILE part of the target under PATH, and every
# file in the folder under its path in there; the stamp is newer than all of them.
# The target then defines flashbid::embedded::find() of src/base/embedded.hpp.
function(flashbid_embed target)
  cmake_parse_arguments(ARG "" "FOLDER;STAMP" "" ${ARGN})
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${target}_embedded.cpp")
  set(words ${ARG_UNPARSED_ARGUMENTS})
  set(inputs ${ARG_STAMP})
  set(odd TRUE)
  foreach(word ${words})
    if(odd)
      set(odd FALSE)
    else()
      list(APPEND inputs "${word}")
      set(odd TRUE)
    endif()
  endforeach()
  add_custom_command(OUTPUT "${out}"
    COMMAND "${FLASHBID_PYTHON}" -B "${CMAKE_SOURCE_DIR}/cmake/embed.py" "${out}" ${words} ${ARG_FOLDER}
    DEPENDS ${inputs} "${CMAKE_SOURCE_DIR}/cmake/embed.py"
    COMMENT "Embedding files into ${target}" VERBATIM)
  target_sources(${target} PRIVATE "${out}")
endfunction()

# flashbid_embed_lua(target folder NAME...): makes the text of each folder/NAME.lua part of the target, as the
# lua_sources.hpp beside that folder declares them.
function(flashbid_embed_lua target folder)
  cmake_path(GET folder PARENT_PATH header)
  cmake_path(RELATIVE_PATH header BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
  string(APPEND header "/lua_sources.hpp")
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${target}_lua.cpp")
  list(TRANSFORM ARGN PREPEND "${folder}/" OUTPUT_VARIABLE inputs)
  list(TRANSFORM inputs APPEND ".lua")
  add_custom_command(OUTPUT "${out}"
    COMMAND "${FLASHBID_PYTHON}" -B "${CMAKE_SOURCE_DIR}/cmake/embed_lua.py" "${out}" "${header}" ${inputs}
    DEPENDS ${inputs} "${CMAKE_SOURCE_DIR}/cmake/embed.py" "${CMAKE_SOURCE_DIR}/cmake/embed_lua.py"
    COMMENT "Embedding Lua into ${target}" VERBATIM)
  target_sources(${target} PRIVATE "${out}")
endfunction()

# flashbid_pages(source folder stamp): what a browser gets of the pages in `source`, with the client that they use, built into
# the folder.
function(flashbid_pages source folder stamp)
  file(GLOB_RECURSE inputs CONFIGURE_DEPENDS "${source}/src/*" "${source}/public/*" "${source}/*.html" "${source}/*.json"
    "${source}/*.ts" "${CMAKE_SOURCE_DIR}/clients/typescript/src/*")
  list(FILTER inputs EXCLUDE REGEX "/node_modules/|/tests/")
  list(APPEND inputs "${CMAKE_SOURCE_DIR}/package-lock.json")
  # The documents, which become pages too (web/documents).
  file(GLOB documents CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/*.md" "${CMAKE_SOURCE_DIR}/docs/*.md"
    "${CMAKE_SOURCE_DIR}/docs/decisions/*.md" "${CMAKE_SOURCE_DIR}/docs/images/*")
  add_custom_command(OUTPUT "${stamp}"
    COMMAND "${FLASHBID_NODE}" "${CMAKE_SOURCE_DIR}/node_modules/vite/bin/vite.js" build --logLevel warn --outDir "${folder}"
    COMMAND "${CMAKE_COMMAND}" -E touch "${stamp}"
    WORKING_DIRECTORY "${source}" DEPENDS ${inputs} ${documents} COMMENT "Building the pages" VERBATIM)
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
