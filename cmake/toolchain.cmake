# Compiler, warnings, sanitizers.
option(FLASHBID_TESTS "build the tests" ON)
option(FLASHBID_BENCH "build the benchmarks and their limits" ON)
option(FLASHBID_PLANTED "build with the bugs of tests/planted, each behind a switch" OFF)
set(FLASHBID_SANITIZE "" CACHE STRING "sanitizers to build with, as -fsanitize= takes them")
set(FLASHBID_COUNTED "" CACHE STRING "folders of src/ whose branches are counted while they run (script/soak branches)")

# g++ 12 miscompiles aggregates in coroutines (double free); one compiler, one set of warnings.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "FlashBid is built with clang 19 or newer, not with "
    "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}. Run script/build, which sets this up.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # Paths count from the source folder on, so that another clone finds what this one compiled.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()
add_link_options(-fuse-ld=lld-19)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wimplicit-fallthrough -Wno-missing-field-initializers -Werror)
add_compile_options(-fno-omit-frame-pointer -g1)
if(FLASHBID_SANITIZE)
  add_compile_options(-fsanitize=${FLASHBID_SANITIZE} -fno-sanitize-recover=all -O0)
  add_link_options(-fsanitize=${FLASHBID_SANITIZE})
endif()
if(FLASHBID_COUNTED)
  add_link_options(-fprofile-instr-generate)
endif()
find_package(Threads REQUIRED)
