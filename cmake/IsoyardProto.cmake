# isoyard_protos(TARGET DESCRIPTORS FILE FILES ...): a static library of protobuf-c's code for the protos, generated at
# build, and one descriptor set of all of them. Looks for the protos here, then among protobuf's own.

find_program(PROTOC protoc REQUIRED)
find_program(PROTOC_GEN_C protoc-gen-c REQUIRED)
find_path(PROTOBUF_PROTO_DIR google/protobuf/descriptor.proto PATHS /usr/include REQUIRED)

function(isoyard_protos target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "DESCRIPTORS" "FILES")
    set(roots "${CMAKE_CURRENT_SOURCE_DIR}" "${PROTOBUF_PROTO_DIR}")
    list(TRANSFORM roots PREPEND "-I" OUTPUT_VARIABLE includes)
    set(out_dir "${CMAKE_BINARY_DIR}/generated/proto")
    file(MAKE_DIRECTORY "${out_dir}")

    set(sources "")
    set(inputs "")
    foreach(proto IN LISTS arg_FILES)
        foreach(root IN LISTS roots)
            if(EXISTS "${root}/${proto}")
                list(APPEND inputs "${root}/${proto}")
                break()
            endif()
        endforeach()
        string(REGEX REPLACE "\\.proto$" ".pb-c" stem "${proto}")
        list(APPEND sources "${out_dir}/${stem}.c")
        list(APPEND headers "${out_dir}/${stem}.h")
    endforeach()

    add_custom_command(
        OUTPUT ${sources} ${headers} "${arg_DESCRIPTORS}"
        COMMAND "${PROTOC}" ${includes} --plugin=protoc-gen-c=${PROTOC_GEN_C} --c_out=${out_dir}
            --include_imports --descriptor_set_out=${arg_DESCRIPTORS} ${arg_FILES}
        DEPENDS ${inputs}
        COMMENT "Generating C from the protos"
        VERBATIM)

    add_library(${target} STATIC ${sources})
    target_include_directories(${target} SYSTEM PUBLIC "${out_dir}")
    target_link_libraries(${target} PUBLIC PkgConfig::PROTOBUF_C)
endfunction()
