# V8 as Debian ships it inside libnode. Looks in V8_ROOT (cache or environment), then in .deps/v8 (where
# scripts/setup.sh unpacks the packages when apt-get refuses them), then in the system. Refuses a pair of headers and
# library that are not of one version: another vendor's Node.js leaves headers of its own in the system's folders.
#
# Gives the imported target V8::V8 and V8_VERSION.

set(V8_ROOT "$ENV{V8_ROOT}" CACHE PATH "Root of the V8 to build with (holds usr/include/node and usr/lib)")
if(V8_ROOT)
    set(_v8_roots "${V8_ROOT}")
elseif(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/.deps/v8")
    set(_v8_roots "${CMAKE_CURRENT_SOURCE_DIR}/.deps/v8")
else()
    set(_v8_roots "/")
endif()

find_path(V8_INCLUDE_DIR v8.h PATHS ${_v8_roots} PATH_SUFFIXES usr/include/node include/node include NO_DEFAULT_PATH)
find_library(V8_LIBRARY NAMES node PATHS ${_v8_roots}
    PATH_SUFFIXES usr/lib/${CMAKE_LIBRARY_ARCHITECTURE} lib/${CMAKE_LIBRARY_ARCHITECTURE} usr/lib lib NO_DEFAULT_PATH)

if(V8_INCLUDE_DIR)
    file(STRINGS "${V8_INCLUDE_DIR}/v8-version.h" _v8_defines REGEX "#define V8_(MAJOR|MINOR|BUILD|PATCH)_")
    string(REGEX REPLACE "[^0-9;]*V8_[A-Z_]* ([0-9]+)" "\\1" _v8_numbers "${_v8_defines}")
    string(REPLACE ";" "." V8_VERSION "${_v8_numbers}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(V8 REQUIRED_VARS V8_LIBRARY V8_INCLUDE_DIR VERSION_VAR V8_VERSION
    REASON_FAILURE_MESSAGE "run scripts/setup.sh, or set V8_ROOT")

if(V8_FOUND AND NOT TARGET V8::V8)
    add_library(V8::V8 SHARED IMPORTED)
    set_target_properties(V8::V8 PROPERTIES
        IMPORTED_LOCATION "${V8_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${V8_INCLUDE_DIR}")
endif()

if(V8_FOUND AND NOT V8_CHECKED STREQUAL "${V8_LIBRARY};${V8_VERSION}")
    file(WRITE "${CMAKE_BINARY_DIR}/v8_version.cc" "#include <v8.h>
#include <cstdio>
int main() { puts(v8::V8::GetVersion()); }
")
    try_run(_v8_run _v8_compiled "${CMAKE_BINARY_DIR}/v8_check" "${CMAKE_BINARY_DIR}/v8_version.cc"
        LINK_LIBRARIES V8::V8 RUN_OUTPUT_VARIABLE _v8_output COMPILE_OUTPUT_VARIABLE _v8_compile_output)
    string(REGEX MATCH "^[0-9.]+" _v8_library_version "${_v8_output}")
    if(NOT _v8_compiled)
        message(FATAL_ERROR "A program that asks V8 for its version does not compile:\n${_v8_compile_output}")
    elseif(NOT _v8_library_version STREQUAL V8_VERSION)
        message(FATAL_ERROR "V8's headers in ${V8_INCLUDE_DIR} are of version ${V8_VERSION}, its library ${V8_LIBRARY} "
            "is of version ${_v8_library_version}. Both must come from one package: run scripts/setup.sh, or set V8_ROOT.")
    endif()
    set(V8_CHECKED "${V8_LIBRARY};${V8_VERSION}" CACHE INTERNAL "The V8 whose headers and library were found to match")
endif()
