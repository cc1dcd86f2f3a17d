# flashbid_embed(target NAMESPACE file...): makes each file a byte array of the binary.
# Generates <target>_embedded.hpp with `constexpr std::string_view`-like lookups: embedded::find(path).
function(flashbid_embed target base)
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${target}_embedded.cpp")
  set(inputs "")
  foreach(file ${ARGN})
    list(APPEND inputs "${base}/${file}")
  endforeach()
  add_custom_command(OUTPUT "${out}"
    COMMAND python3 "${CMAKE_SOURCE_DIR}/cmake/embed.py" "${target}" "${base}" "${out}" ${ARGN}
    DEPENDS ${inputs} "${CMAKE_SOURCE_DIR}/cmake/embed.py" VERBATIM)
  target_sources(${target} PRIVATE "${out}")
endfunction()
