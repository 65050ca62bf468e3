# How everything of Isoyard is compiled: language levels, warnings as errors, sanitizers, where executables go.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON) # POSIX and GNU interfaces: clocks, affinity, argp
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g -DISOYARD_DEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g -DISOYARD_DEBUG")

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE}")
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()

set(ISOYARD_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize takes them")
if(ISOYARD_SANITIZE)
    add_compile_options(-fsanitize=${ISOYARD_SANITIZE} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${ISOYARD_SANITIZE})
    if(ISOYARD_SANITIZE MATCHES "undefined")
        add_compile_options(-fno-sanitize-recover=undefined)
        # V8's library carries no type information, which these two checks need.
        add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=vptr>)
    endif()
endif()

add_compile_definitions(_GNU_SOURCE)
add_compile_options(-fvisibility=hidden -fstack-protector-strong
    $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>
    $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>)
add_link_options(-Wl,--as-needed -Wl,-z,relro,-z,now)

# isoyard_warnings(TARGET): our own code, and only that, is compiled with warnings as errors.
function(isoyard_warnings target)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Werror
        $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wvla>)
endfunction()
