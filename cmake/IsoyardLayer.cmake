# isoyard_layer(FOLDER SOURCES ... USES ... HIDES ...): the static library isoyard_FOLDER of this folder. It uses other
# targets, whose headers its own headers may include, and hides others, which only its sources see.
#
# Other layers include its headers as "FOLDER/header.h". The include path that allows this is a directory of its own that
# holds only a link to the folder, and it comes with linking the layer: an include against the direction of the layers
# does not compile.
function(isoyard_layer folder)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USES;HIDES")
    set(include_dir "${CMAKE_BINARY_DIR}/include/${folder}")
    file(MAKE_DIRECTORY "${include_dir}")
    file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${include_dir}/${folder}" SYMBOLIC)

    add_library(isoyard_${folder} STATIC ${arg_SOURCES})
    target_include_directories(isoyard_${folder} PUBLIC "${include_dir}")
    target_link_libraries(isoyard_${folder} PUBLIC ${arg_USES} PRIVATE ${arg_HIDES})
    isoyard_warnings(isoyard_${folder})
endfunction()
